import type { Node } from "oxc-parser";
import { sdkPath } from "./sdk-names.ts";
import type { SourceFile } from "./source-file.ts";
import { bare } from "./syntax.ts";

/** A call that makes runs. */
export interface TriggerCall {
  readonly call: Extract<Node, { type: "CallExpression" }>;
  /** Its function as the code writes it, such as `resize.trigger`. */
  readonly name: string;
  readonly isBatch: boolean;
  /** The items of a batch; null when it has none. */
  readonly items: Node | null;
  /** Where its options stand; null without any. */
  readonly options: Node | null;
}

/** Methods of a task, with whether they make a batch. */
const methods: ReadonlyMap<string, boolean> = new Map([
  ["trigger", false],
  ["triggerAndWait", false],
  ["triggerAndSubscribe", false],
  ["batchTrigger", true],
  ["batchTriggerAndWait", true],
]);

/** Methods of `tasks`, which take the id of a task before anything else. */
const methodsById: ReadonlySet<string> = new Set([...methods.keys(), "triggerAndPoll"]);

/** Methods of `batch`, whose items name their tasks. */
const methodsOfBatch: ReadonlySet<string> = new Set([
  "trigger",
  "triggerAndWait",
  "triggerByTask",
  "triggerByTaskAndWait",
]);

/** Whether an expression is a task; `maybe` where the files do not show it. */
export type TaskLikeness = "yes" | "no" | "maybe";

/**
 * Finds the calls of a file that make runs: through `tasks`, through `batch`, and through tasks themselves.
 *
 * @param file - the file
 * @param isTask - judges what a method is called on
 * @returns the calls, in order
 */
export function triggerCalls(file: SourceFile, isTask: (node: Node) => TaskLikeness): readonly TriggerCall[] {
  return file.nodes.flatMap((call) => {
    if (call.type !== "CallExpression") return [];
    const callee = bare(call.callee);
    if (callee.type !== "MemberExpression" || callee.computed || callee.property.type !== "Identifier") return [];
    const method = callee.property.name;
    const place = placeOfPayload(file, callee, method, isTask);
    if (place === null) return [];
    const [payload = null, options = null] = call.arguments.slice(place.index);
    const name = file.text.slice(callee.start, callee.end).replace(/\s+/g, "");
    return [{ call, name, isBatch: place.isBatch, items: place.isBatch ? payload : null, options }];
  });
}

/** Which argument of a call is its payload, or its items; null for a call that makes no runs. */
function placeOfPayload(
  file: SourceFile,
  callee: Extract<Node, { type: "MemberExpression" }>,
  method: string,
  isTask: (node: Node) => TaskLikeness,
): { readonly index: number; readonly isBatch: boolean } | null {
  const owner = sdkPath(file, callee.object);
  if (owner === "tasks") return methodsById.has(method) ? { index: 1, isBatch: methods.get(method) === true } : null;
  if (owner === "batch") return methodsOfBatch.has(method) ? { index: 0, isBatch: true } : null;
  const isBatch = methods.get(method);
  if (owner !== null || isBatch === undefined) return null;
  // Other libraries have a method "trigger" as well; the other names are of tasks alone.
  const likeness = isTask(bare(callee.object));
  return likeness === "yes" || (likeness === "maybe" && method !== "trigger") ? { index: 0, isBatch } : null;
}
