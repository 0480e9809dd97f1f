import type { TakenPort } from "./own-port.ts";

/** A task as the start-up summary shows it. */
export interface ListedTask {
  readonly id: string;
  /** Relative to the project. */
  readonly filePath: string;
}

/** A run that an event is about. */
export interface NamedRun {
  readonly runId: string;
  readonly taskId: string;
  /** The hook of it that is called after its end; absent: it is executed itself. */
  readonly hook?: string;
}

/** What happens while `pawl dev` or `pawl worker` is up; each is a line on the terminal, or a line of JSON. */
export type DevEvent =
  | { readonly type: "server_starting" }
  | {
      readonly type: "server_ready";
      readonly apiUrl: string;
      readonly isOwn: boolean;
      /** Why the port is not the default one. */
      readonly taken?: TakenPort;
    }
  | { readonly type: "server_restarting"; readonly reason: string }
  /** Something for the operator of the server, such as the code of a login. */
  | { readonly type: "server_says"; readonly message: string }
  | {
      readonly type: "version_ready";
      readonly label: string;
      readonly isFirst: boolean;
      readonly tasks: readonly ListedTask[];
      readonly durationMs: number;
    }
  | { readonly type: "version_failed"; readonly message: string; readonly details: readonly string[] }
  /** The connection to the server was lost, or has come back. */
  | { readonly type: "connection"; readonly isConnected: boolean; readonly reason?: string }
  | (NamedRun & { readonly type: "run_started"; readonly attempt: number })
  | {
      readonly type: "run_log";
      readonly runId: string;
      readonly level: "trace" | "debug" | "info" | "warn" | "error";
      readonly message: string;
      readonly attributes?: unknown;
    }
  | (NamedRun & {
      readonly type: "run_finished";
      readonly attempt: number;
      readonly durationMs: number;
      readonly error: { readonly name?: string; readonly message: string; readonly stackTrace?: string } | null;
      /** Absent when the attempt was the last one. */
      readonly nextAttemptInMs?: number;
    })
  | { readonly type: "warning"; readonly message: string }
  | { readonly type: "stopping"; readonly executing: number; readonly graceMs: number }
  | { readonly type: "stopped" };
