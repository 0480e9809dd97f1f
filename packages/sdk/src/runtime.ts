import type { PartialRetryPolicy } from "@pawl/contract/retry";
import type { CatchUp, Overlap } from "@pawl/contract/schedule";
import type { RunCall, WaitResult } from "@pawl/contract/worker-protocol";
import type { HookName, HookParams } from "./hooks/hook-types.ts";
import type { TaskContext } from "./task-context.ts";
import type { RateLimit } from "./tasks/rate-limit.ts";

export { currentConfiguration } from "./client/client-settings.ts";
export { CallError } from "./errors/call-error.ts";
export { RunCancelledError } from "./errors/run-cancelled-error.ts";
export { errorOfRun } from "./errors/run-error.ts";
export type { CatchErrorDecision, HookExtras, HookName, HookParams } from "./hooks/hook-types.ts";
export type { TaskContext } from "./task-context.ts";

/**
 * Where the SDK inside a bundle and the run process around it meet: one registry on `globalThis`, found by a symbol, so that
 * several copies of the SDK in one process work together. Nothing here needs Node; a browser can load it.
 *
 * Who writes what: `task()` adds to `tasks`; the bundle's entry sets `currentFile`; the run process installs `context` and
 * `executing`.
 */
const registrySymbol = Symbol.for("pawl.runtime.1");

/** A task as it was defined, in the form that the run process executes. */
export interface TaskDefinition {
  readonly id: string;
  readonly description?: string | undefined;
  /** Absent for a queue of the task's own, `task/<id>`, without a limit. */
  readonly queue?:
    | {
        readonly name: string;
        /** Of each concurrency key. */
        readonly concurrencyLimit?: number | undefined;
        /** Of all keys together. */
        readonly combinedConcurrencyLimit?: number | undefined;
        /** Of each concurrency key, as it was written. */
        readonly rateLimit?: RateLimit | undefined;
        /** Of all keys together. */
        readonly combinedRateLimit?: RateLimit | undefined;
      }
    | undefined;
  readonly retry?: PartialRetryPolicy | undefined;
  /** The longest an attempt may execute, in seconds. */
  readonly maxDuration?: number | undefined;
  readonly machine?: string | undefined;
  /** Whether it was defined to be run by schedules. */
  readonly isScheduled?: boolean | undefined;
  /** The schedule that it declares, as it was written: what it means is judged by the server. */
  readonly schedule?:
    | {
        readonly cron: string;
        readonly timezone?: string | undefined;
        readonly environments?: readonly string[] | undefined;
        readonly window?: string | undefined;
        readonly catchUp?: CatchUp | undefined;
        readonly overlap?: Overlap | undefined;
      }
    | undefined;
  /** Checks a payload and gives the value for `run`; throws `TaskPayloadParsedError`. Absent without a schema. */
  readonly parsePayload?: ((payload: unknown) => Promise<unknown>) | undefined;
  readonly run: (payload: unknown, args: RunArguments) => Promise<unknown>;
  /** Default time to live in the queue, in seconds; 0: none. */
  readonly ttl?: number | undefined;
  readonly hooks?: { readonly [K in HookName]?: (params: HookParams<K>) => unknown } | undefined;
  /** The file that was being imported when the task was defined, as the bundle's entry named it. */
  readonly filePath?: string | undefined;
  readonly exportName?: string | undefined;
}

/** What `run` receives beside its payload. */
export interface RunArguments<TInit = unknown> {
  readonly ctx: TaskContext;
  /** Fires when the run is cancelled or has exceeded its `maxDuration`; the reason says which. */
  readonly signal: AbortSignal;
  /** What the task's `init` hook returned; undefined without one. */
  readonly init: TInit;
}

/** One call of the logger. */
export interface LogRecord {
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly attributes?: Readonly<Record<string, unknown>> | undefined;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** Whether the context of the call was lost or ended, so that the record went to the run that executes now. */
  readonly isContextLost: boolean;
}

/** A span of a run's trace that has begun. It is recorded when it ends. */
export interface OpenSpan {
  /** Adds attributes, or changes them. */
  setAttributes(attributes: Readonly<Record<string, unknown>>): void;
  /** Notes what went wrong in it. */
  fail(thrown: unknown): void;
  /** Runs code inside of it: spans and logs of that code belong to it. */
  run<T>(body: () => T): T;
  /** Ends it; a second time does nothing. */
  end(): void;
}

/** What a run waits for, as `onWait` and `onResume` are told. */
export type WaitAbout =
  | { readonly type: "duration"; readonly date: Date }
  | { readonly type: "token"; readonly token: string }
  | { readonly type: "task"; readonly runId: string }
  | { readonly type: "batch"; readonly batchId: string; readonly runCount: number };

/** The run that some code belongs to, as the run process offers it. */
export interface ActiveRun {
  readonly runId: string;
  readonly taskId: string;
  /** Absent for a run that no other has triggered. */
  readonly parentRunId?: string | undefined;
  /** The first of the runs above it; absent where it is the first itself. */
  readonly rootRunId?: string | undefined;
  /** From 1. */
  readonly attempt: number;
  /** Of the claim that the code executes under. */
  readonly fence: number;
  /** Of the environment that the run is in, such as `dev`; absent where the run process does not say. */
  readonly environmentSlug?: string;
  /** Whether the attempt follows a loss, so that its waits are found again; absent: no. */
  readonly isRecovery?: boolean;
  /** The run's metadata when the attempt began, as JSON text of an object; absent: none. */
  readonly metadata?: string | undefined;
  readonly signal: AbortSignal;
  log(record: LogRecord): void;
  /**
   * Asks the server, through the host and under the claim of this run.
   *
   * @throws CallError with the code of the API's error when it is refused
   */
  call(request: RunCall): Promise<unknown>;
  /**
   * Makes the key of the next wait of a kind: `time` gives `time#1`, then `time#2`. A new attempt after a loss arrives at the
   * same keys and finds the same waits.
   */
  nextWait(kind: string): string;
  /**
   * Awaits a wait that `call` opens; called in the same turn of the event loop as that, both go in one message. While every
   * chain of the run's code awaits a wait, the run holds no slot.
   *
   * @param wait - its key
   * @param about - what it is for, for `onWait` and `onResume`; a promise where only the answer to the opening call tells:
   *   when it rejects there is nothing to wait for, and the result rejects with it
   * @throws RunCancelledError when the run is cancelled while it waits; what an `onWait` or `onResume` hook throws; CallError
   *   when the server refuses
   */
  awaitWait(wait: string, about: WaitAbout | Promise<WaitAbout>): Promise<WaitResult>;
  /** Registers a hook that is called when this run is cancelled, after its task's own. */
  onCancel(hook: (params: HookParams<"onCancel">) => unknown): void;
  /** Keeps the attempt from ending until a promise has settled; absent: it is not kept. */
  waitUntil?(promise: Promise<unknown>): void;
  /** Begins a span of the run's trace, inside of the one that the calling code is in; absent: there is no trace. */
  startSpan?(name: string, attributes?: Readonly<Record<string, unknown>>): OpenSpan;
  /** How long the attempt has executed so far, in milliseconds, without the time in which it waited; absent: it is not known. */
  readonly executedMs?: number;
}

/** The cell that travels in the asynchronous context of a run. The run process empties it when the run ends. */
export interface RunCell {
  run: ActiveRun | null;
  /** What the run's code keeps for itself by key; see `locals`. */
  locals?: Map<string, unknown>;
  /** Gives the run's metadata as its code sees it, as JSON text; absent while the code has not touched it. */
  metadata?: () => string;
  /** What has to be done before the attempt ends, in this order; must not reject. */
  atEnd?: (() => Promise<void>)[];
}

/** The part of `AsyncLocalStorage` that is used, so that no type of Node is needed. */
export interface ContextStore {
  getStore(): RunCell | undefined;
  run<T>(cell: RunCell, body: () => T): T;
}

/** The registry that the SDK and the run process share. */
export interface Runtime {
  /** The definitions under each id; more than one is a duplicate, which indexing reports with the files of both. */
  readonly tasks: Map<string, TaskDefinition[]>;
  /** Hooks registered for every task, in the order of their registration; each takes what belongs to its name. */
  readonly globalHooks: { readonly name: HookName; readonly hook: (params: never) => unknown }[];
  /** The task file that the bundle's entry imports at this moment. */
  currentFile: string | null;
  /** Below which level `logger` keeps nothing; absent: it keeps everything. */
  logLevel?: string | undefined;
  /** `null` in a backend: only a run process installs it. */
  context: ContextStore | null;
  /** The run that executes in this process now; the place for logs whose context was lost. */
  executing: () => ActiveRun | null;
}

interface RuntimeHolder {
  [registrySymbol]?: Runtime;
}

/**
 * Gives the registry of this process, and makes it at the first call.
 *
 * @returns the one registry that every copy of the SDK shares
 * @example
 * ```ts
 * const cell = { run: activeRun };
 * runtime().context?.run(cell, () => definition.run(payload, { ctx, signal }));
 * ```
 */
export function runtime(): Runtime {
  const holder = globalThis as RuntimeHolder; // the symbol is ours alone
  holder[registrySymbol] ??= {
    tasks: new Map(),
    globalHooks: [],
    currentFile: null,
    context: null,
    executing: () => null,
  };
  return holder[registrySymbol];
}

/** The run that code belongs to, or why there is none. */
export type CurrentRun =
  | { readonly kind: "backend" }
  | { readonly kind: "run"; readonly run: ActiveRun }
  | { readonly kind: "context_missing" }
  | { readonly kind: "context_ended" };

/**
 * Finds the run that the calling code belongs to.
 *
 * @returns `backend` where no run process is around; otherwise the run, or how its context was lost
 * @example
 * ```ts
 * const current = currentRun();
 * if (current.kind === "run") console.log(current.run.runId);
 * ```
 */
export function currentRun(): CurrentRun {
  const { context } = runtime();
  if (context === null) return { kind: "backend" };
  const cell = context.getStore();
  if (cell === undefined) return { kind: "context_missing" };
  if (cell.run === null) return { kind: "context_ended" };
  return { kind: "run", run: cell.run };
}
