import { hooksOf, type TaskHooks } from "../hooks/task-hooks.ts";
import { triggerAndSubscribe } from "../realtime/trigger-and-subscribe.ts";
import { type RunArguments, runtime, type TaskDefinition } from "../runtime.ts";
import { batchTriggerAndWait } from "../trigger/batch-and-wait.ts";
import { batchTrigger } from "../trigger/batch-trigger.ts";
import { trigger } from "../trigger/trigger.ts";
import { triggerAndWait } from "../trigger/trigger-and-wait.ts";
import type { BatchItems } from "./batch-types.ts";
import { checkedQueue } from "./queue.ts";
import { payloadParser, type SchemaInput, type SchemaOutput, type TaskSchema } from "./schema.ts";
import { checkSettings } from "./task-settings.ts";
import type { Task, TaskOptions, TaskSettings, TriggerOptions } from "./task-types.ts";
import { ttlInSeconds } from "./ttl.ts";

/** What `schemaTask` takes. */
export interface SchemaTaskOptions<TId extends string, TSchema, TOutput, TInit = unknown>
  extends TaskSettings<TId>,
    TaskHooks<SchemaOutput<TSchema>, TOutput, TInit> {
  /** Of zod, valibot, arktype or any library with Standard Schema, of yup, superstruct, runtypes or TypeBox (compiled); or a function that
   * returns the value or throws. */
  readonly schema: TSchema;
  /** The work, with the value that the schema gave. */
  readonly run: (payload: SchemaOutput<TSchema>, args: RunArguments<TInit>) => Promise<TOutput> | TOutput;
}

/** A task with a schema. */
export type SchemaTask<TId extends string, TSchema, TOutput> = Task<TId, SchemaInput<TSchema>, TOutput> & {
  readonly schema: TSchema;
};

/**
 * Defines a task. It is found by being in a file of a task folder; it need not be exported.
 *
 * @param options - its id, its work, and its settings
 * @returns the task, to trigger it and to name its type
 * @throws TypeError when the id or `run` is missing, an option is misspelt, or a setting can't be right; the message says which and how
 * @example
 * ```ts
 * export const hello = task({
 *   id: "hello",
 *   run: async (payload: { name: string }) => ({ greeting: `Hello, ${payload.name}` }),
 * });
 * const handle = await hello.trigger({ name: "Ada" });
 * ```
 */
export function task<const TId extends string, TInput = void, TOutput = unknown, TInit = unknown>(
  options: TaskOptions<TId, TInput, TOutput, TInit>,
): Task<TId, TInput, TOutput> {
  return defineTask(options, {});
}

/**
 * Defines a task whose payload is checked by a schema: when it is triggered through the task, and again before `run`.
 * A run whose payload does not fit fails at once, with every issue and its path, and is not tried again.
 *
 * @param options - its id, its schema, its work, and its settings
 * @returns the task, with its `schema`
 * @throws TypeError when the schema is none, the id or `run` is missing, an option is misspelt, or a setting can't be right
 * @example
 * ```ts
 * export const resize = schemaTask({
 *   id: "image.resize",
 *   schema: z.object({ url: z.url(), width: z.int().default(800) }),
 *   run: async ({ url, width }) => resizeTo(url, width),
 * });
 * await resize.trigger({ url: "https://example.com/a.png" });
 * ```
 */
export function schemaTask<const TId extends string, TSchema extends TaskSchema, TOutput = unknown, TInit = unknown>(
  options: SchemaTaskOptions<TId, TSchema, TOutput, TInit>,
): SchemaTask<TId, TSchema, TOutput> {
  const parse = payloadParser(options.id, options.schema);
  // `parse` gives what the schema says that it gives.
  const typed = options as unknown as TaskOptions<TId, SchemaInput<TSchema>, TOutput, TInit>;
  return {
    ...defineTask(typed, { parsePayload: parse }),
    schema: options.schema,
  };
}

/** What one kind of task has that others have not. */
type OfKind = Pick<TaskDefinition, "parsePayload" | "isScheduled" | "schedule">;

/**
 * Defines a task of any kind.
 *
 * @param options - what every task has
 * @param ofKind - what tasks of this kind have
 * @returns the task
 * @throws TypeError when the id or `run` is missing, an option is misspelt, or a setting can't be right
 * @example
 * ```ts
 * defineTask({ id: "hello", run: () => 1 }, {});
 * ```
 */
export function defineTask<TId extends string, TInput, TOutput, TInit>(
  options: TaskOptions<TId, TInput, TOutput, TInit>,
  ofKind: OfKind,
): Task<TId, TInput, TOutput> {
  const { parsePayload } = ofKind;
  const { id, description } = options;
  if (typeof id !== "string" || id === "") throw new TypeError('A task needs an id, such as { id: "mail.send" }.');
  if (typeof options.run !== "function") throw new TypeError(`Task ${id} has no run function.`);
  checkSettings(options, ofKind);
  register({ ...definitionOf(options), ...ofKind });
  const toEntry = ({ payload, options }: AnyItem) => ({ taskId: id, payload, options, parsePayload });
  return {
    id,
    description,
    jsonSchema: options.jsonSchema,
    async trigger(payload, triggerOptions, requestOptions) {
      await parsePayload?.(payload); // the payload itself is sent: `run` gets it parsed once
      return trigger<TId, TInput, TOutput>({ taskId: id, payload, options: triggerOptions, requestOptions });
    },
    triggerAndWait: (payload, triggerOptions, requestOptions) =>
      triggerAndWait({ taskId: id, payload, options: triggerOptions, requestOptions, parsePayload }),
    triggerAndSubscribe: (payload, triggerOptions, requestOptions) =>
      triggerAndSubscribe({ taskId: id, payload, options: triggerOptions, requestOptions, parsePayload }),
    batchTrigger: (items, batchOptions, requestOptions) =>
      batchTrigger({ items: items as BatchItems<AnyItem>, toEntry, options: batchOptions, requestOptions }),
    batchTriggerAndWait: (items, batchOptions, requestOptions) =>
      batchTriggerAndWait({ items: items as BatchItems<AnyItem>, toEntry, options: batchOptions, requestOptions }),
  };
}

/** An item of a batch, whatever its task takes. */
interface AnyItem {
  readonly payload?: unknown;
  readonly options?: TriggerOptions;
}

function definitionOf<TId extends string, TInput, TOutput, TInit>(
  options: TaskOptions<TId, TInput, TOutput, TInit>,
): TaskDefinition {
  const { id, description, retry, maxDuration, queue, machine } = options;
  return {
    id,
    description,
    retry,
    maxDuration,
    ttl: options.ttl === undefined ? undefined : ttlInSeconds(options.ttl, `The ttl of task ${id}`),
    hooks: hooksOf<TInput, TOutput, TInit>(options),
    machine: typeof machine === "object" ? machine.preset : machine,
    queue: queue === undefined ? undefined : checkedQueue(queue.name ?? `task/${id}`, queue),
    // Callers are held to TInput by the type of trigger, and what `init` gives is of TInit.
    run: async (payload, args) => options.run(payload as TInput, args as RunArguments<TInit>),
    filePath: runtime().currentFile ?? undefined,
  };
}

function register(definition: TaskDefinition): void {
  const { tasks } = runtime();
  const others = tasks.get(definition.id);
  if (others === undefined) tasks.set(definition.id, [definition]);
  else others.push(definition);
}
