import type { Node } from "oxc-parser";
import { isFunction } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { bare, isWrapper } from "./syntax.ts";

/** What a promise is lost to. */
export type Dropped =
  /** The end of its statement. */
  | { readonly kind: "statement" }
  /** A variable that nothing reads. */
  | { readonly kind: "variable"; readonly name: string }
  /** The function around it: it waits itself, and nobody waits for what it gives. */
  | { readonly kind: "function" }
  /** Something that calls a function and does not look at what that gives. */
  | { readonly kind: "caller"; readonly name: string };

/** Methods of a promise, and of what triggers give, whose result is a promise of the same work. */
const chained: ReadonlySet<string> = new Set(["then", "catch", "finally", "unwrap"]);

/** Functions that give a promise for those in their argument. */
const gathering: ReadonlySet<string> = new Set(["all", "allSettled", "race", "any"]);

const forgetful: ReadonlySet<string> = new Set([
  "forEach",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "queueMicrotask",
  "nextTick",
]);

/**
 * Follows a promise from the call that makes it to where it ends.
 *
 * @param file - the file
 * @param call - the call
 * @returns what loses it; null when somebody may await it
 */
export function whatDrops(file: SourceFile, call: Node): Dropped | null {
  let node = call;
  let isOutside = false;
  for (let parent = file.parentOf(node); parent !== null; parent = file.parentOf(node)) {
    const step = stepOf(file, node, parent);
    if (step.kind === "stop") {
      return isOutside && step.dropped?.kind === "statement" ? { kind: "function" } : step.dropped;
    }
    isOutside ||= waiting.has(parent.type);
    node = step.to;
  }
  return null;
}

/** What makes the promise of a function from that of an expression in it. */
const waiting: ReadonlySet<Node["type"]> = new Set(["AwaitExpression", "ReturnStatement", "ArrowFunctionExpression"]);

type Step = { readonly kind: "on"; readonly to: Node } | { readonly kind: "stop"; readonly dropped: Dropped | null };

const on = (to: Node): Step => ({ kind: "on", to });
const stop = (dropped: Dropped | null): Step => ({ kind: "stop", dropped });

/** Where the promise of a node goes in the node around it. */
function stepOf(file: SourceFile, node: Node, parent: Node): Step {
  if (isWrapper(parent) || parent.type === "ConditionalExpression" || parent.type === "LogicalExpression") {
    return on(parent);
  }
  switch (parent.type) {
    case "ExpressionStatement":
      return stop({ kind: "statement" });
    case "UnaryExpression":
      return stop(parent.operator === "void" ? { kind: "statement" } : null);
    case "SequenceExpression":
      return parent.expressions.at(-1) === node ? on(parent) : stop({ kind: "statement" });
    case "VariableDeclarator": {
      const isUnused = parent.id.type === "Identifier" && !isRead(file, parent.id.name, parent);
      return stop(isUnused && parent.id.type === "Identifier" ? { kind: "variable", name: parent.id.name } : null);
    }
    case "AwaitExpression":
    case "ReturnStatement":
    case "ArrowFunctionExpression":
      return afterFunction(file, parent);
    case "MemberExpression":
      return stepOutOfMember(file, node, parent);
    case "ArrayExpression":
      return on(parent);
    case "CallExpression":
      return isPromiseMethod(parent.callee) ? on(parent) : stop(null);
    default:
      return stop(null);
  }
}

/** `x.then(…)` is a promise of the same work; any other property is something else. */
function stepOutOfMember(file: SourceFile, node: Node, member: Extract<Node, { type: "MemberExpression" }>): Step {
  const call = file.parentOf(member);
  const isChained =
    member.object === node && member.property.type === "Identifier" && chained.has(member.property.name);
  return isChained && call?.type === "CallExpression" && call.callee === member ? on(call) : stop(null);
}

/** What is awaited or returned in a callback is as good as what the caller makes of the callback's promise. */
function afterFunction(file: SourceFile, node: Node): Step {
  let at: Node | null = node;
  while (at !== null && !isFunction(at)) at = file.parentOf(at);
  const call = at === null ? null : file.parentOf(at);
  if (at === null || call?.type !== "CallExpression") return stop(null);
  if (call.callee === at) return on(call);
  const callee = bare(call.callee);
  const property = callee.type === "MemberExpression" ? callee.property : callee;
  const name = property.type === "Identifier" ? property.name : "";
  if (forgetful.has(name)) return stop({ kind: "caller", name });
  return name === "map" || name === "flatMap" ? on(call) : stop(null);
}

function isPromiseMethod(callee: Node): boolean {
  return (
    callee.type === "MemberExpression" &&
    callee.object.type === "Identifier" &&
    callee.object.name === "Promise" &&
    callee.property.type === "Identifier" &&
    gathering.has(callee.property.name)
  );
}

function isRead(file: SourceFile, name: string, declarator: Node): boolean {
  const declaration = file.declarationOf(name, declarator);
  return file.nodes.some(
    (node) =>
      node.type === "Identifier" &&
      node.name === name &&
      file.parentOf(node) !== declarator &&
      file.declarationOf(name, node) === declaration,
  );
}
