import { pathText } from "@pawl/contract/lost-values";
import { type PayloadIssue, TaskPayloadParsedError } from "../errors/task-error.ts";
import { thrownIssues, valueReader } from "./schema-library.ts";

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

/** A schema of a library without Standard Schema: whichever of these it has is called. */
export type LibrarySchema =
  | { parseAsync(value: unknown): Promise<unknown>; safeParse(value: unknown): unknown } // zod before 3.24
  | { parse(value: unknown): unknown }
  | { validate(value: unknown): unknown; validateSync(value: unknown): unknown } // yup
  | { create(value: unknown): unknown } // superstruct
  | { Check(value: unknown): boolean; Errors(value: unknown): unknown } // TypeBox, compiled
  | { assert(value: unknown): void }; // runtypes, arktype 1

/** What `schemaTask` accepts as a schema. */
export type TaskSchema = StandardSchema<unknown, unknown> | ParseFunction | LibrarySchema;

/** In the order in which a payload is checked by them. */
type TypesOf<TSchema> = TSchema extends { readonly "~standard": { readonly types?: infer TTypes } }
  ? NonNullable<TTypes>
  : TSchema extends { readonly _input: infer TInput; readonly _output: infer TOutput }
    ? { readonly input: TInput; readonly output: TOutput }
    : TSchema extends { readonly inferIn: infer TInput; readonly infer: infer TOutput }
      ? { readonly input: TInput; readonly output: TOutput }
      : { readonly input: ValueOf<TSchema>; readonly output: ValueOf<TSchema> };

type ValueOf<TSchema> = TSchema extends (data: never) => infer TValue
  ? Awaited<TValue>
  : TSchema extends { parse(value: unknown): infer TValue }
    ? TValue
    : TSchema extends { validateSync(value: unknown): infer TValue }
      ? TValue
      : TSchema extends { create(value: unknown): infer TValue }
        ? TValue
        : CheckedValue<TSchema>;

type CheckedValue<TSchema> = TSchema extends { Check(value: unknown): value is infer TValue }
  ? TValue
  : TSchema extends { assert(value: unknown): asserts value is infer TValue }
    ? TValue
    : unknown;

/** The type that callers pass for a schema ("schema in"). */
export type SchemaInput<TSchema> = TypesOf<TSchema> extends { readonly input: infer TInput } ? TInput : unknown;

/** The type that `run` receives for a schema ("schema out"). */
export type SchemaOutput<TSchema> = TypesOf<TSchema> extends { readonly output: infer TOutput } ? TOutput : unknown;

/**
 * Makes the function that checks payloads of a task.
 *
 * @param taskId - the task, for messages
 * @param schema - a Standard Schema, a schema of another library, or a function
 * @returns a function that gives the value for `run`, or throws TaskPayloadParsedError with every issue and its path
 * @throws TypeError at once when the schema is none of them
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
  const read = valueReader(schema);
  if (read === null) {
    throw new TypeError(
      `The schema of task ${taskId} is none. Pass one of a library that implements Standard Schema (zod, valibot, arktype, …), ` +
        "of yup, superstruct or runtypes, a compiled one of TypeBox, or a function (data: unknown) => T.",
    );
  }
  return async (payload) => {
    try {
      return await read(payload);
    } catch (error) {
      throw new TaskPayloadParsedError(taskId, thrownIssues(error), { cause: error });
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
  // Array.from: the paths of arktype are a class of their own, and so would be what their `map` makes.
  return { message, path: pathText(Array.from(path, (step) => (typeof step === "object" ? step.key : step))) };
}
