import type { PartialRetryPolicy } from "@pawl/contract/retry";
import type { RequestOptions } from "../client/client-settings.ts";
import type { TaskHooks } from "../hooks/task-hooks.ts";
import type { RunArguments } from "../runtime.ts";
import type { Queue } from "./queue.ts";

// Carry the types of a payload and an output on tasks and handles. No value has them.
declare const taskTypes: unique symbol;

/** What a run takes and gives, for the type checker alone. */
export interface CarriesTypes<TInput, TOutput> {
  readonly [taskTypes]?: { readonly input: (payload: TInput) => void; readonly output: TOutput };
}

/** Size of the machine that a run executes on. */
export type MachinePreset = "micro" | "small-1x" | "small-2x" | "medium-1x" | "medium-2x" | "large-1x" | "large-2x";

/** Settings that `task` and `schemaTask` have in common. */
export interface TaskSettings<TId extends string> {
  /** Unique in the project and the same in every version, such as `movies.report.build`. */
  readonly id: TId;
  readonly description?: string;
  /** How failed attempts are repeated; merged over the config's; default: 3 attempts, 1 s × 2, at most 60 s, with jitter. */
  readonly retry?: PartialRetryPolicy;
  /** A queue made by `queue()`, or a limit for the task's own queue `task/<id>`; default: that queue without a limit. */
  readonly queue?: Queue | { readonly name?: string; readonly concurrencyLimit?: number };
  /** Kept with the version, and not enforced yet; default: `small-1x`. */
  readonly machine?: MachinePreset | { readonly preset?: MachinePreset };
  /** The longest an attempt may execute, in seconds; default: the config's. */
  readonly maxDuration?: number;
  /** How long a run may be queued before it expires, such as `10m`, or in seconds; 0: for ever; default: the config's. */
  readonly ttl?: string | number;
}

/** What `task` takes. */
export interface TaskOptions<TId extends string, TInput, TOutput> extends TaskSettings<TId>, TaskHooks<TInput> {
  /** The work. What it returns is the run's output; what it throws fails the attempt. */
  readonly run: (payload: TInput, args: RunArguments) => Promise<TOutput> | TOutput;
}

/** Options of one trigger call. */
export interface TriggerOptions {
  /** Attempts in all, the first included; default: the task's. */
  readonly maxAttempts?: number;
  /** At most ten, each of 1 to 128 characters. */
  readonly tags?: string | readonly string[];
  /** The version to execute with, such as `20250228.1`; default: `TRIGGER_VERSION`, then the current one. */
  readonly version?: string;
}

/** Options of one batch call. */
export interface BatchOptions {
  /** Accepted for compatibility: the runs of a batch are always made in the order of its items. */
  readonly triggerSequentially?: boolean;
}

/** One run of a batch. */
export interface BatchItem<TInput> {
  readonly payload: TInput;
  readonly options?: TriggerOptions;
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

/** A triggered batch. */
export interface BatchHandle {
  /** `batch_…` */
  readonly batchId: string;
  readonly runCount: number;
  /** A token that may read this batch, for browsers; absent where the server gives none. */
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
  /**
   * Starts a run and gives its handle as soon as the run is stored.
   *
   * @param payload - at most 3 MB; dates, maps, sets and big integers arrive as what they are
   * @throws ApiError when the server refuses; TaskPayloadParsedError when a `schemaTask`'s schema does
   */
  trigger(
    payload: TInput,
    options?: TriggerOptions,
    requestOptions?: RequestOptions,
  ): Promise<RunHandle<TId, TInput, TOutput>>;
  /** Starts one run for each item, in one call. */
  batchTrigger(
    items: readonly BatchItem<TInput>[],
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchHandle>;
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
