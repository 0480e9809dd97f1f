import type { AssignedRun, RunResult, TelemetryRecord } from "@pawl/contract/worker-protocol";

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

/** What the host says to a run process. */
export type HostToChild =
  | { readonly kind: "runs"; readonly body: readonly RunOrder[] }
  /** Asks for the runs that have not begun; answered with `unbegun`. */
  | { readonly kind: "recall"; readonly body: null }
  | { readonly kind: "abort"; readonly body: { readonly runId: string; readonly reason: string } }
  | { readonly kind: "exit"; readonly body: null };

/** The tasks of a bundle as its definitions say, before validation; only the index mode sends them. */
export interface BundleDescription {
  readonly tasks: readonly unknown[];
  readonly processKeepAlive: boolean;
  readonly duplicates: readonly { readonly id: string; readonly filePaths: readonly string[] }[];
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
  /** Resident memory in bytes; only now and then. */
  readonly rss?: number;
  /** Whether the process ends itself after this, since something escaped the run. */
  readonly isLast?: boolean;
}

/** What a run process says to its host. */
export type ChildToHost =
  | { readonly kind: "prepared"; readonly body: { readonly rss: number; readonly description?: BundleDescription } }
  | { readonly kind: "broken"; readonly body: ImportFailure }
  | { readonly kind: "end"; readonly body: ExecutionEnd }
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
