import type {
  AssignedRun,
  CallAnswer,
  RunCall,
  RunResult,
  TelemetryRecord,
  WaitResult,
} from "@pawl/contract/worker-protocol";

// What host and run process say to each other over the control channel, one JSON array a line:
//
//   child                                    host
//   ["hello", processId, token, received] ▶             the first line of every connection
//                                        ◀  ["welcome", received]
//   [number, received, kind, body]       ◀▶ [number, received, kind, body]
//
// `received` is the number of the last message that the writer has seen: everything up to it is acknowledged. After a
// reconnect each side sends again what the other has not seen, so nothing is lost and nothing is taken twice (see `link.ts`).

/** The environment that a host serves, as the server names it. */
export interface EnvironmentFacts {
  readonly id: string;
  readonly slug: string;
  readonly type: string;
  readonly project?: { readonly id: string; readonly ref: string; readonly name: string } | undefined;
}

/** A run on its way to the process that executes it. */
export interface RunOrder {
  readonly run: AssignedRun;
  readonly versionLabel: string;
  readonly environment: EnvironmentFacts;
  /**
   * For a run that lies behind another one in its process: it may begin until this time of `monotonicMs`, and goes back to
   * the host afterwards. So the host can take it back from a process whose event loop is blocked and does not answer.
   */
  readonly beginByMs?: number;
}

/** A wait of a run that is over, with what it came to. */
export interface EndedWait {
  readonly wait: string;
  readonly result: WaitResult;
}

/**
 * What the host says to a run process.
 *
 * A process has one *current* run; orders behind it begin in their order, each as soon as the one before it has ended or
 * parked, whatever else executes. A run that is resumed becomes the current one when there is none and no order is queued;
 * otherwise it executes beside it.
 */
export type HostToChild =
  | { readonly kind: "runs"; readonly body: readonly RunOrder[] }
  /** Asks for the runs that have not begun; answered with `unbegun`. */
  | { readonly kind: "recall"; readonly body: null }
  /** Fires the signal of a run, wherever it stands. */
  | { readonly kind: "abort"; readonly body: { readonly runId: string; readonly reason: string } }
  /**
   * Asks a run to end: its signal fires, its `onCancel` is called, and the end is told like any other, as failed with
   * `TASK_RUN_CANCELLED`. A run that has not begun ends so at once.
   */
  | { readonly kind: "cancel"; readonly body: { readonly runId: string } }
  /** The run is no longer this process's: its signal fires, its context is emptied, and nothing is told of it any more. */
  | { readonly kind: "drop"; readonly body: { readonly runId: string; readonly reason: string } }
  /** The answer to a `call` of the same run and number. */
  | { readonly kind: "answer"; readonly body: CallAnswer & { readonly runId: string } }
  /** Waits of a run are over: a parked run goes on; one that executes is told all the same. */
  | { readonly kind: "resume"; readonly body: { readonly runId: string; readonly waits: readonly EndedWait[] } }
  | { readonly kind: "exit"; readonly body: null };

/** The tasks of a bundle as its definitions say, before validation; only the index mode sends them. */
export interface BundleDescription {
  readonly tasks: readonly unknown[];
  readonly processKeepAlive: boolean;
  readonly duplicates: readonly { readonly id: string; readonly filePaths: readonly string[] }[];
}

/** The tasks of a bundle whose runs share no process with others while they wait: those that `onWait` or `onResume` concern. */
export interface UnsharedTasks {
  /** Whether such a hook is registered for every task. */
  readonly all: boolean;
  /** The tasks that define one of their own. */
  readonly taskIds: readonly string[];
}

/** What a process says of itself once it has imported its bundle. */
export interface Prepared {
  readonly rss: number;
  readonly unshared: UnsharedTasks;
  readonly description?: BundleDescription;
}

/** Why a bundle could not be imported. */
export interface ImportFailure {
  /** The task file that was being imported; null when the bundle's own entry failed. */
  readonly filePath: string | null;
  readonly message: string;
  /** With positions in the source. */
  readonly stack: string;
}

/** How an execution ended, with what the host wants to know of the process. */
export interface ExecutionEnd {
  readonly result: RunResult;
  /** The metadata of a run that failed, as its code has left it; absent where the code has not touched it. */
  readonly metadata?: string;
  /** Resident memory in bytes; only now and then. */
  readonly rss?: number;
  /** Whether the process takes no further run, since something escaped this one; runs that are parked in it can go on. */
  readonly isLast?: boolean;
}

/** What a run process says to its host. */
export type ChildToHost =
  | { readonly kind: "prepared"; readonly body: Prepared }
  | { readonly kind: "broken"; readonly body: ImportFailure }
  /** A run ended, be it current, beside, or parked while other code of it went on. */
  | { readonly kind: "end"; readonly body: ExecutionEnd }
  /** Code of a run asks the server for something; `call` counts up for each run. */
  | {
      readonly kind: "call";
      readonly body: { readonly runId: string; readonly call: number; readonly request: RunCall };
    }
  /**
   * All that the run's code does now is to await waits: it executes no more until it is resumed. Comes right before the
   * `await` call, with the share of the heap's limit that is used, from 0 to 1.
   */
  | { readonly kind: "parked"; readonly body: { readonly runId: string; readonly heapUsedRatio: number } }
  /** The ids of runs that have not begun here and will not. */
  | { readonly kind: "unbegun"; readonly body: readonly string[] }
  | { readonly kind: "telemetry"; readonly body: readonly TelemetryRecord[] };

/** The environment variable through which a run process learns its token; removed before user code is loaded. */
export const tokenVariable = "PAWL_PROCESS_TOKEN";

/** How long a run process tries to reach its host again before it ends itself, in milliseconds. */
export const reconnectWindowMs = 1_500;

/** The machine's monotonic clock in milliseconds: the same in all its processes, and not moved with the wall clock. */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}
