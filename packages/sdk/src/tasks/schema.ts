import { pathText } from "@pawl/contract/lost-values";
import { type PayloadIssue, TaskPayloadParsedError } from "../errors/task-error.ts";

/** What a schema library answers: the value, or what is wrong with it. */
export type StandardResult<TOutput> =
  | { readonly value: TOutput; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** One issue in the form of Standard Schema. */
export interface StandardIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * A schema of any library that implements Standard Schema: zod from 3.24, valibot from 1, arktype from 2, and others.
 * What a caller passes has the type `TInput`, what `run` receives `TOutput`.
 */
export interface StandardSchema<TInput = unknown, TOutput = TInput> {
  readonly "~standard": {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<TOutput> | Promise<StandardResult<TOutput>>;
    readonly types?: { readonly input: TInput; readonly output: TOutput } | undefined;
  };
}

/** A function that gives the value for `run`, or throws. */
export type ParseFunction<TOutput = unknown> = (data: unknown) => TOutput | Promise<TOutput>;

/** What `schemaTask` accepts as a schema. */
export type TaskSchema = StandardSchema<unknown, unknown> | ParseFunction;

type TypesOf<TSchema> = TSchema extends { readonly "~standard": { readonly types?: infer TTypes } }
  ? NonNullable<TTypes>
  : never;

/** The type that callers pass for a schema ("schema in"). */
export type SchemaInput<TSchema> = TSchema extends { readonly "~standard": unknown }
  ? TypesOf<TSchema> extends { readonly input: infer TInput }
    ? TInput
    : unknown
  : TSchema extends (data: never) => infer TOutput
    ? Awaited<TOutput>
    : unknown;

/** The type that `run` receives for a schema ("schema out"). */
export type SchemaOutput<TSchema> = TSchema extends { readonly "~standard": unknown }
  ? TypesOf<TSchema> extends { readonly output: infer TOutput }
    ? TOutput
    : unknown
  : TSchema extends (data: never) => infer TOutput
    ? Awaited<TOutput>
    : unknown;

/**
 * Makes the function that checks payloads of a task.
 *
 * @param taskId - the task, for messages
 * @param schema - a Standard Schema, or a function
 * @returns a function that gives the value for `run`, or throws TaskPayloadParsedError with every issue and its path
 * @throws TypeError at once when the schema is neither
 * @example
 * ```ts
 * const parse = payloadParser("t", (data) => Number(data));
 * await parse("3"); // 3
 * ```
 */
export function payloadParser(taskId: string, schema: unknown): (payload: unknown) => Promise<unknown> {
  const validate = validateOf(schema);
  if (validate !== null) {
    return async (payload) => {
      const result = await validate(payload);
      if (result.issues === undefined) return result.value;
      throw new TaskPayloadParsedError(taskId, result.issues.map(readIssue));
    };
  }
  if (typeof schema !== "function") {
    throw new TypeError(
      `The schema of task ${taskId} is none. Pass one of a library that implements Standard Schema (zod from 3.24, ` +
        "valibot from 1, arktype from 2, …), or a function (data: unknown) => T.",
    );
  }
  return async (payload) => {
    try {
      return await schema(payload);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new TaskPayloadParsedError(taskId, [{ message, path: "" }], { cause: error });
    }
  };
}

type Validate = StandardSchema["~standard"]["validate"];

function validateOf(schema: unknown): Validate | null {
  if ((typeof schema !== "object" && typeof schema !== "function") || schema === null) return null;
  if (!("~standard" in schema)) return null;
  const standard = schema["~standard"];
  if (typeof standard !== "object" || standard === null || !("validate" in standard)) return null;
  return typeof standard.validate === "function" ? (standard.validate as Validate) : null; // by the specification
}

function readIssue({ message, path = [] }: StandardIssue): PayloadIssue {
  return { message, path: pathText(path.map((step) => (typeof step === "object" ? step.key : step))) };
}
