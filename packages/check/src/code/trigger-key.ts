import type { Node } from "oxc-parser";
import { isFunction } from "./scopes.ts";
import type { SourceFile } from "./source-file.ts";
import { bare, propertyOf, resolved } from "./syntax.ts";
import type { TriggerCall } from "./trigger-calls.ts";

/** Whether something is there; `unknown` where the file does not show it. */
type Presence = "there" | "absent" | "unknown";

/**
 * Tells whether a call that makes runs says what makes two calls one: an idempotency key, or a debounce.
 *
 * @param file - the file
 * @param trigger - the call
 * @returns `absent` only when the code shows that there is none
 */
export function keyOfTrigger(file: SourceFile, trigger: TriggerCall): Presence {
  const { call, isBatch, items, options } = trigger;
  if (call.arguments.some(({ type }) => type === "SpreadElement")) return "unknown";
  const own = keyIn(file, options);
  return own === "absent" && isBatch ? keyOfItems(file, items) : own;
}

function keyIn(file: SourceFile, options: Node | null): Presence {
  if (options === null || isUndefined(options)) return "absent";
  const found = ["idempotencyKey", "debounce"].map((name) => propertyOf(file, options, name));
  const isThere = found.some((property) => property.kind === "there" && !isUndefined(property.value));
  if (isThere) return "there";
  return found.some(({ kind }) => kind === "unknown") ? "unknown" : "absent";
}

/** Each item has its own; one without is enough to make a run twice. */
function keyOfItems(file: SourceFile, items: Node | null): Presence {
  if (items === null) return "absent";
  const list = itemsOf(file, items);
  if (list === null) return "unknown";
  const keys = list.map((item): Presence => {
    const options = propertyOf(file, item, "options");
    return options.kind === "there" ? keyIn(file, options.value) : options.kind;
  });
  if (keys.length === 0) return "unknown";
  if (keys.includes("absent")) return "absent";
  return keys.includes("unknown") ? "unknown" : "there";
}

/** The objects that a list is written with, or what each is mapped to; null where the file does not show them. */
function itemsOf(file: SourceFile, node: Node): readonly Node[] | null {
  const list = resolved(file, node);
  if (list.type === "ArrayExpression") {
    const parts = list.elements.flatMap((element) => (element === null ? [] : [element]));
    const lists = parts.map((part) => (part.type === "SpreadElement" ? itemsOf(file, part.argument) : [part]));
    return lists.includes(null) ? null : lists.flatMap((part) => part ?? []);
  }
  if (list.type === "AwaitExpression") return itemsOf(file, list.argument);
  if (list.type !== "CallExpression" || list.callee.type !== "MemberExpression") return null;
  const method = list.callee.property.type === "Identifier" ? list.callee.property.name : "";
  const [first] = list.arguments;
  if (first === undefined) return null;
  if (method === "all" && list.callee.object.type === "Identifier" && list.callee.object.name === "Promise") {
    return itemsOf(file, first);
  }
  const item = method === "map" ? returnedBy(resolved(file, first)) : null;
  return item === null ? null : [item];
}

/** What a function gives when it has one way out. */
function returnedBy(node: Node): Node | null {
  if (!isFunction(node) || node.body === null) return null;
  if (node.body.type !== "BlockStatement") return bare(node.body);
  const last = node.body.body.at(-1);
  return last?.type === "ReturnStatement" && last.argument !== null ? bare(last.argument) : null;
}

function isUndefined(node: Node): boolean {
  return node.type === "Identifier" && node.name === "undefined";
}
