import { dirname, join } from "node:path";
import type { Node } from "oxc-parser";
import type { SourceFile } from "./code/source-file.ts";
import { bare } from "./code/syntax.ts";
import { type TaskDefinition, taskDefinitions } from "./code/task-definitions.ts";
import { type TaskLikeness, type TriggerCall, triggerCalls } from "./code/trigger-calls.ts";

/** What the rules have to know of a project's configuration. */
export interface CheckSettings {
  /** Whether `retries.default` is set. */
  readonly hasRetryDefault: boolean;
  /** Whether `maxDuration` is set. */
  readonly hasMaxDuration: boolean;
}

/** All files of a project, as the rules see them. */
export interface CheckedProject {
  readonly settings: CheckSettings;
  readonly files: readonly SourceFile[];
  /** The tasks that a file defines. */
  tasksOf(file: SourceFile): readonly TaskDefinition[];
  /** The calls of a file that make runs. */
  triggersOf(file: SourceFile): readonly TriggerCall[];
}

/**
 * Puts what is known of each file together, so that a rule understands what a file imports from another.
 *
 * @param files - the parsed files
 * @param settings - the configuration's part
 * @returns the project
 */
export function createProject(files: readonly SourceFile[], settings: CheckSettings): CheckedProject {
  const tasks = new Map(files.map((file) => [file, taskDefinitions(file)]));
  const tasksOf = (file: SourceFile) => tasks.get(file) ?? [];
  const byName = new Map(files.map((file) => [withoutEnding(file.path), file]));
  const exportsOf = new Map(files.map((file) => [file, exportedTasks(file, tasksOf(file))]));
  const names = new Set([...exportsOf.values()].flatMap(({ tasks }) => [...tasks]));

  /** Judges a name of another module: by its file where that is here, by the name alone where it is not. */
  const isTaskOf = (file: SourceFile, from: string, name: string): TaskLikeness => {
    const path = join(dirname(file.path), from);
    const target = from.startsWith(".")
      ? (byName.get(withoutEnding(path)) ?? byName.get(join(path, "index")))
      : undefined;
    if (target === undefined) return names.has(name) ? "yes" : "maybe";
    const exported = exportsOf.get(target);
    if (exported?.tasks.has(name) === true) return "yes";
    return exported?.handsOn === true && names.has(name) ? "yes" : "maybe";
  };
  const isTask = (file: SourceFile, node: Node): TaskLikeness => {
    if (node.type === "MemberExpression" && node.object.type === "Identifier" && node.property.type === "Identifier") {
      const module = file.declarationOf(node.object.name, node.object);
      const isModule = module?.kind === "import" && module.name === "*";
      return isModule ? isTaskOf(file, module.from, node.property.name) : "maybe";
    }
    if (node.type !== "Identifier") return tasksOf(file).some(({ call }) => call === node) ? "yes" : "maybe";
    const declaration = file.declarationOf(node.name, node);
    if (declaration?.kind === "import") return isTaskOf(file, declaration.from, declaration.name);
    if (declaration?.kind !== "variable" || declaration.property !== null) return "maybe";
    const init = bare(declaration.init);
    return tasksOf(file).some(({ call }) => call === init) ? "yes" : "maybe";
  };
  return {
    settings,
    files,
    tasksOf,
    triggersOf: (file) => triggerCalls(file, (node) => isTask(file, node)),
  };
}

function withoutEnding(path: string): string {
  return path.replace(/\.[mc]?[jt]sx?$/, "");
}

interface ExportedTasks {
  /** The names under which others import them. */
  readonly tasks: ReadonlySet<string>;
  /** Whether the file hands on what other files export. */
  readonly handsOn: boolean;
}

function exportedTasks(file: SourceFile, tasks: readonly TaskDefinition[]): ExportedTasks {
  const isDefinition = (node: Node | null) => node !== null && tasks.some(({ call }) => call === bare(node));
  const isTask = (node: Node) => {
    if (node.type !== "Identifier") return isDefinition(node);
    const declaration = file.declarationOf(node.name, node);
    return declaration?.kind === "variable" && declaration.property === null && isDefinition(declaration.init);
  };
  const exported = file.nodes.flatMap(exportsOfStatement);
  return {
    tasks: new Set(exported.flatMap(({ name, value }) => (value !== null && isTask(value) ? [name] : []))),
    handsOn: exported.some(({ value }) => value === null),
  };
}

/** What a statement exports under a name; a value of `null` comes from another file. */
function exportsOfStatement(node: Node): readonly { readonly name: string; readonly value: Node | null }[] {
  if (node.type === "ExportAllDeclaration") return [{ name: "*", value: null }];
  if (node.type === "ExportDefaultDeclaration") return [{ name: "default", value: node.declaration }];
  if (node.type !== "ExportNamedDeclaration") return [];
  const isFromHere = node.source === null;
  const named = node.specifiers.map(({ local, exported }) => ({
    name: exported.type === "Literal" ? exported.value : exported.name,
    value: isFromHere ? local : null,
  }));
  if (node.declaration?.type !== "VariableDeclaration") return named;
  return node.declaration.declarations.flatMap(({ id, init }) =>
    id.type === "Identifier" && init !== null ? [{ name: id.name, value: init }] : [],
  );
}
