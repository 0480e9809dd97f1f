import type { Node } from "oxc-parser";
import { type FunctionNode, isFunction } from "./scopes.ts";
import { sdkPath } from "./sdk-names.ts";
import type { SourceFile } from "./source-file.ts";
import { functionsAround, literalText, propertyOf, resolved } from "./syntax.ts";

const constructors = ["task", "schemaTask", "schedules.task"] as const;

/** A call that defines a task. */
export interface TaskDefinition {
  readonly by: (typeof constructors)[number];
  readonly call: Extract<Node, { type: "CallExpression" }>;
  /** What the call takes: an object literal, or a name for one. */
  readonly options: Node;
  /** Its id and where it stands; null when the code does not show it. */
  readonly id: { readonly text: string; readonly node: Node } | null;
  /** The function of its `run`; null when it is not in this file. */
  readonly run: FunctionNode | null;
  /** How a sentence begins that is about it. */
  readonly title: string;
}

/**
 * Finds the tasks that a file defines.
 *
 * @param file - the file
 * @returns the definitions, in order
 */
export function taskDefinitions(file: SourceFile): readonly TaskDefinition[] {
  return file.nodes.flatMap((node) => {
    if (node.type !== "CallExpression") return [];
    const path = sdkPath(file, node.callee);
    const by = constructors.find((name) => name === path);
    const [options] = node.arguments;
    if (by === undefined || options === undefined || options.type === "SpreadElement") return [];
    const id = idOf(file, options);
    const run = propertyOf(file, options, "run");
    const body = run.kind === "there" ? resolved(file, run.value) : null;
    return [
      {
        by,
        call: node,
        options,
        id,
        run: body !== null && isFunction(body) ? body : null,
        title: id === null ? "The task" : `The task "${id.text}"`,
      },
    ];
  });
}

function idOf(file: SourceFile, options: Node): TaskDefinition["id"] {
  const id = propertyOf(file, options, "id");
  if (id.kind !== "there") return null;
  const text = literalText(resolved(file, id.value));
  return text === null ? null : { text, node: id.value };
}

/**
 * Finds the task whose `run` a node stands in.
 *
 * @param file - the file
 * @param tasks - the file's tasks
 * @param node - the node
 * @returns the task; null for code outside of every `run`
 */
export function taskAround(file: SourceFile, tasks: readonly TaskDefinition[], node: Node): TaskDefinition | null {
  const around = functionsAround(file, node);
  return tasks.find(({ run }) => run !== null && around.includes(run)) ?? null;
}
