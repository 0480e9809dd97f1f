import type { machinePresets } from "@pawl/contract/machine";
import type { PartialRetryPolicy } from "@pawl/contract/retry";
import type { TriggerRequestOptions } from "../auth/access-token.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import type { TaskHooks } from "../hooks/task-hooks.ts";
import type { IdempotencyKeyInput } from "../idempotency/idempotency-key.ts";
import type { RunArguments } from "../runtime.ts";
import type { TaskRunPromise } from "../trigger/trigger-and-wait.ts";
import type { BatchAndWaitItem, BatchHandle, BatchItem, BatchItems, BatchOptions } from "./batch-types.ts";
import type { Queue, QueueSettings } from "./queue.ts";
import type { BatchResult, TaskRunResult } from "./result-types.ts";

// Carry the types of a payload and an output on tasks and handles. No value has them.
declare const taskTypes: unique symbol;

/** What a run takes and gives, for the type checker alone. */
export interface CarriesTypes<TInput, TOutput> {
  readonly [taskTypes]?: { readonly input: (payload: TInput) => void; readonly output: TOutput };
}

/** Size of the machine that a run executes on. */
export type MachinePreset = (typeof machinePresets)[number];

/** Settings that `task` and `schemaTask` have in common. */
export interface TaskSettings<TId extends string> {
  /** Unique in the project and the same in every version, such as `movies.report.build`. */
  readonly id: TId;
  /** What it is for, for people, and for models that have it as a tool. */
  readonly description?: string;
  /** The JSON Schema of the payload, for those who call the task without its code; it checks nothing: that is what `schemaTask` does. */
  readonly jsonSchema?: Readonly<Record<string, unknown>>;
  /** How failed attempts are repeated; merged over the config's; default: 3 attempts, 1 s × 2, at most 60 s, with jitter. */
  readonly retry?: PartialRetryPolicy & {
    /** Taken, and not acted on yet: machines are not enforced, so another one would not help. */
    readonly outOfMemory?: { readonly machine?: MachinePreset };
  };
  /** A queue made by `queue()`, or a limit for the task's own queue `task/<id>`; default: that queue without a limit. */
  readonly queue?: Queue | QueueSettings;
  /** Kept with the version, and not enforced yet; default: `small-1x`. */
  readonly machine?: MachinePreset | { readonly preset?: MachinePreset };
  /** The longest an attempt may execute, in seconds; default: the config's. */
  readonly maxDuration?: number;
  /** How long a run may be queued before it expires, such as `10m`, or in seconds; 0: for ever; default: the config's. */
  readonly ttl?: string | number;
}

/** What `task` takes. */
export interface TaskOptions<TId extends string, TInput, TOutput, TInit = unknown>
  extends TaskSettings<TId>,
    TaskHooks<TInput, TOutput, TInit> {
  /** The work. What it returns is the run's output; what it throws fails the attempt. */
  readonly run: (payload: TInput, args: RunArguments<TInit>) => Promise<TOutput> | TOutput;
}

/** How triggers of one task with the same key join into one run that is delayed until they pause. */
export interface DebounceOptions {
  /** Which triggers of the task join; 1 to 512 characters. */
  readonly key: string;
  /** How long after the last of them the run is queued: a duration of a second or more, such as `5s`. */
  readonly delay: string;
  /**
   * `leading`: the run has the payload and options of the first. `trailing`: the payload, metadata, tags, `maxAttempts`, `maxDuration`
   * and machine of the last, and whatever else of the first. Default: `leading`.
   */
  readonly mode?: "leading" | "trailing";
  /** How long after the first of them the run is queued at the latest; longer than the delay; default: a day, or the delay. */
  readonly maxDelay?: string;
}

/** Options of one trigger call. */
export interface TriggerOptions {
  /**
   * Joins triggers that come close together: while a run with this key is delayed, a trigger of the task makes no other, and puts that
   * one off. The handle's `isCached` says whether the run was there. Not beside `delay`.
   */
  readonly debounce?: DebounceOptions;
  /**
   * When the run may start: so long from now, as in `1h30m`, or at a date (`Date` or ISO text). A date in the past is now.
   */
  readonly delay?: string | Date;
  /**
   * How long the run may be queued before it expires, such as `10m`, or in seconds; 0: for ever; default: the task's, then the
   * config's.
   */
  readonly ttl?: string | number;
  /**
   * Makes one run of all triggers of the task with the same key. Plain text holds in the whole environment; a key made by
   * `idempotencyKeys.create` in its scope. At most 2,048 characters.
   */
  readonly idempotencyKey?: IdempotencyKeyInput;
  /** How long the key is kept, such as `60s`, `2h` or `3d`; default: 30 days. */
  readonly idempotencyKeyTTL?: string;
  /** The name of a queue, of 1 to 128 characters, in place of the task's; one that does not exist is made. */
  readonly queue?: string;
  /** Gives runs with the same text a lane of their own in the queue, with the queue's limit for each; at most 256 characters. */
  readonly concurrencyKey?: string;
  /** Seconds of head start over other runs of the queue, at most 30 days. */
  readonly priority?: number;
  /** Attempts in all, the first included, at most 250; default: the task's. */
  readonly maxAttempts?: number;
  /** The longest an attempt may execute, in seconds; default: the task's. */
  readonly maxDuration?: number;
  /** At most ten, each of 1 to 128 characters. */
  readonly tags?: string | readonly string[];
  /** What the run carries for its readers: an object that JSON can hold, of at most 256 KB. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Kept with the run, and not enforced yet; default: the task's. */
  readonly machine?: MachinePreset;
  /** Where to execute; ignored in development. */
  readonly region?: string;
  /** The version to execute with, such as `20250228.1`; default: `TRIGGER_VERSION`, then the current one. */
  readonly version?: string;
}

/** Options of a trigger call that waits for its run, which executes with the version of the run that waits. */
export type TriggerAndWaitOptions = Omit<TriggerOptions, "version">;

/** Options of a trigger call that follows its run. */
export interface TriggerAndSubscribeOptions extends TriggerOptions {
  /** Ends the call when it fires: it throws the signal's reason. */
  readonly signal?: AbortSignal;
  /** Whether the run is cancelled when the signal fires; default: yes. */
  readonly cancelOnAbort?: boolean;
}

/** A triggered run. Pass it to `runs.retrieve` or `runs.poll`, which then know the type of its output. */
export interface RunHandle<TId extends string, TInput, TOutput> extends CarriesTypes<TInput, TOutput> {
  /** `run_…` */
  readonly id: string;
  readonly taskIdentifier: TId;
  /** Whether the run existed before the call. */
  readonly isCached: boolean;
  /** A token that may read this run, for browsers; absent where the server gives none. */
  readonly publicAccessToken?: string;
}

/**
 * A task that was defined: it can be triggered, and its type can be imported where its code must not be.
 *
 * @example
 * ```ts
 * import type { hello } from "./trigger/hello.ts";
 * await tasks.trigger<typeof hello>("hello", { name: "Ada" });
 * ```
 */
export interface Task<TId extends string, TInput = void, TOutput = unknown> extends CarriesTypes<TInput, TOutput> {
  readonly id: TId;
  readonly description: string | undefined;
  readonly jsonSchema?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Starts a run and gives its handle as soon as the run is stored.
   *
   * @param payload - at most 3 MB; dates, maps, sets and big integers arrive as what they are
   * @param options - how the run is made
   * @throws ApiError when the call is refused; TaskPayloadParsedError when a `schemaTask`'s schema does; PayloadError when the
   * payload can't be sent
   * @example
   * ```ts
   * const { id } = await hello.trigger({ name: "Ada" }, { delay: "10m", tags: ["user:1"] });
   * ```
   */
  trigger(
    payload: TInput,
    options?: TriggerOptions,
    requestOptions?: TriggerRequestOptions,
  ): Promise<RunHandle<TId, TInput, TOutput>>;
  /**
   * Starts a run at once, and waits for it when the result is asked for. Only in the code of a task.
   *
   * @param payload - as of `trigger`
   * @param options - as of `trigger`, without `version`: the run executes with the version of the run that waits
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when the run did not complete; `.unwrap()` gives the output or
   * throws SubtaskUnwrapError
   * @throws RunContextError outside of a run, and what `trigger` throws, when the result is asked for
   * @example
   * ```ts
   * const { greeting } = await hello.triggerAndWait({ name: "Ada" }).unwrap();
   * const [a, b] = await Promise.all([hello.triggerAndWait({ name: "Ada" }), hello.triggerAndWait({ name: "Grace" })]);
   * ```
   */
  triggerAndWait(
    payload: TInput,
    options?: TriggerAndWaitOptions,
    requestOptions?: RequestOptions,
  ): TaskRunPromise<TId, TOutput>;
  /**
   * Starts a run at once, and follows it until it has ended. Anywhere; in the code of a task the caller keeps its slot meanwhile.
   *
   * @param payload - as of `trigger`
   * @param options - as of `trigger`; `signal` ends the call, and cancels the run unless `cancelOnAbort` is false
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when the run did not complete; `.unwrap()` gives the output or
   * throws SubtaskUnwrapError
   * @throws what `trigger` throws, and the reason of the signal, when the result is asked for
   * @example
   * ```ts
   * const { greeting } = await hello.triggerAndSubscribe({ name: "Ada" }, { signal: AbortSignal.timeout(60_000) }).unwrap();
   * ```
   */
  triggerAndSubscribe(
    payload: TInput,
    options?: TriggerAndSubscribeOptions,
    requestOptions?: RequestOptions,
  ): TaskRunPromise<TId, TOutput>;
  /**
   * Starts one run for each item, in one call.
   *
   * @param items - payloads with their options: an array, an async iterable or a stream of at most 10,000
   * @param options - a key for the whole batch
   * @returns the batch, once all its runs are stored
   * @throws BatchTriggerError with the cause; before anything is sent, what `trigger` throws for an item, and RangeError with
   * no items or more than 10,000
   * @example
   * ```ts
   * const { batchId } = await hello.batchTrigger([{ payload: { name: "Ada" } }, { payload: { name: "Grace" } }]);
   * ```
   */
  batchTrigger(
    items: BatchItems<BatchItem<TInput>>,
    options?: BatchOptions,
    requestOptions?: TriggerRequestOptions,
  ): Promise<BatchHandle>;
  /**
   * Starts one run for each item at once, and waits for all of them when the result is asked for. Only in the code of a task.
   *
   * @param items - payloads with their options
   * @returns `id`, and `runs` in the order of the items: each with its output or its error
   * @throws RunContextError outside of a run, and what `batchTrigger` throws, when the result is asked for
   * @example
   * ```ts
   * const { runs } = await hello.batchTriggerAndWait([{ payload: { name: "Ada" } }, { payload: { name: "Grace" } }]);
   * for (const run of runs) console.log(run.ok ? run.output.greeting : run.error.message);
   * ```
   */
  batchTriggerAndWait(
    items: BatchItems<BatchAndWaitItem<TInput>>,
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchResult<readonly TaskRunResult<TId, TOutput>[]>>;
}

/** Any task, for constraints of type parameters. */
export type AnyTask = CarriesTypes<never, unknown> & { readonly id: string };

/** A task of which nothing is known: it takes and gives whatever. */
export type UntypedTask = CarriesTypes<unknown, unknown> & { readonly id: string };

/** Any handle, for constraints of type parameters. */
export type AnyRunHandle = CarriesTypes<never, unknown> & { readonly id: string; readonly taskIdentifier: string };

/** The payload type of a task or a handle, as callers pass it. */
export type TaskPayload<TTask> = TTask extends CarriesTypes<infer TInput, unknown> ? TInput : never;

/** The output type of a task or a handle. */
export type TaskOutput<TTask> = TTask extends CarriesTypes<never, infer TOutput> ? TOutput : never;

/** The id of a task, as a literal type. */
export type TaskIdentifier<TTask extends AnyTask> = TTask["id"];
