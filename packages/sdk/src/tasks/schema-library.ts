import { pathText } from "@pawl/contract/lost-values";
import type { PayloadIssue } from "../errors/task-error.ts";

// How libraries without Standard Schema check a value. A schema is known by the methods that it has, so that none of the libraries
// is needed here.

/** Gives the value for `run`, or throws what the library throws. */
type ReadValue = (value: unknown) => unknown;

type Method = (...given: readonly unknown[]) => unknown;

/**
 * Finds how a schema is asked for the value of a payload.
 *
 * @param schema - a schema of a library, or a function that returns the value or throws
 * @returns the way, or `null` when it is no schema
 * @example
 * ```ts
 * valueReader({ parse: Number })?.("3"); // 3
 * ```
 */
export function valueReader(schema: unknown): ReadValue | null {
  const assert = method(schema, "assert");
  if (typeof schema === "function") return assert ?? ((value) => schema(value)); // a type of arktype 1 does not throw when it is called
  const validate = method(schema, "validateSync") && method(schema, "validate");
  return (
    method(schema, "parseAsync") ??
    method(schema, "parse") ??
    (validate && ((value) => validate(value, { abortEarly: false }))) ?? // of yup
    method(schema, "create") ??
    compiled(method(schema, "Check"), method(schema, "Errors")) ??
    (assert && asserted(assert))
  );
}

function method(schema: unknown, name: string): Method | null {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null || !(name in schema)) return null;
  const found = (schema as Readonly<Record<string, unknown>>)[name]; // seen in the line before
  return typeof found === "function" ? (...given) => found.apply(schema, given) : null;
}

function asserted(assert: Method): ReadValue {
  return (value) => {
    assert(value);
    return value;
  };
}

/** A schema that TypeBox has compiled. */
function compiled(check: Method | null, errors: Method | null): ReadValue | null {
  if (check === null || errors === null) return null;
  return (value) => {
    if (check(value) === true) return value;
    throw Object.assign(new Error("The value does not fit its schema."), { issues: listOf(errors(value)) });
  };
}

/**
 * Reads what is wrong with a value out of what a schema threw.
 *
 * @param error - an error of a library, with its list of issues, or any other
 * @returns at least one issue
 * @example
 * ```ts
 * thrownIssues(new Error("is odd")); // [{ message: "is odd", path: "" }]
 * ```
 */
export function thrownIssues(error: unknown): readonly PayloadIssue[] {
  const issues = issuesWithin(error).map(readIssue);
  return issues.length > 0 ? issues : [readIssue(error)];
}

/** Of zod and TypeBox; of yup; of superstruct. */
function issuesWithin(error: unknown): readonly unknown[] {
  if (typeof error !== "object" || error === null) return [];
  if ("issues" in error) return listOf(error.issues);
  return "inner" in error ? listOf(error.inner) : listOf(method(error, "failures")?.());
}

function listOf(values: unknown): readonly unknown[] {
  const isList = typeof values === "object" && values !== null && Symbol.iterator in values;
  return isList ? [...(values as Iterable<unknown>)] : []; // seen in the line before
}

function readIssue(issue: unknown): PayloadIssue {
  if (typeof issue !== "object" || issue === null) return { message: String(issue), path: "" };
  const { message, path }: { readonly message?: unknown; readonly path?: unknown } = issue;
  return { message: typeof message === "string" ? message : String(issue), path: readPath(path) };
}

/** A list of keys; a text as yup writes it; or a JSON pointer, of TypeBox. */
function readPath(path: unknown): string {
  if (Array.isArray(path)) return pathText(path);
  if (typeof path !== "string") return "";
  if (!path.startsWith("/")) return path;
  const steps = path.slice(1).split("/");
  return pathText(steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")));
}
