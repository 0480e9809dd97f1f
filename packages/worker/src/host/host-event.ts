import type { AssignedRun, RunResult, TelemetryRecord } from "@pawl/contract/worker-protocol";

/** What a host tells whoever started it, for printing; nothing depends on it. */
export type HostEvent =
  | { readonly type: "connected" }
  | { readonly type: "disconnected" }
  /** The server does not serve this host; the host goes on trying. */
  | { readonly type: "refused"; readonly reason: string }
  | { readonly type: "run_started"; readonly run: AssignedRun; readonly versionLabel: string }
  | { readonly type: "run_finished"; readonly run: AssignedRun; readonly result: RunResult }
  | { readonly type: "run_log"; readonly record: TelemetryRecord }
  /** Records were lost, since the server was away for too long. */
  | { readonly type: "telemetry_dropped"; readonly count: number }
  /** Every process that the machine has memory for holds runs that wait: no new run is asked for until one becomes free. */
  | { readonly type: "processes_spent"; readonly processes: number; readonly waiting: number }
  /** A run process ended before it could import the bundle. */
  | { readonly type: "process_failed"; readonly versionId: string; readonly message: string };
