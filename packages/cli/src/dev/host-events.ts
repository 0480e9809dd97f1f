import { publicRunError } from "@pawl/contract/errors";
import type { HostEvent } from "@pawl/worker";
import type { DevEvent, NamedRun } from "./dev-event.ts";

/**
 * What a worker host tells, in the form that is shown.
 *
 * @param event - of the host
 * @returns the event to show; `null` for what is not shown
 */
export function fromHostEvent(event: HostEvent): DevEvent | null {
  switch (event.type) {
    case "connected":
      return { type: "connection", isConnected: true };
    case "disconnected":
      return { type: "connection", isConnected: false };
    case "refused":
      return { type: "connection", isConnected: false, reason: `The server refuses this worker: ${event.reason}` };
    case "run_started":
      return { type: "run_started", ...nameOf(event.run), attempt: event.run.attempt };
    case "run_log":
      return event.record.kind === "log" ? logOf(event.record) : null;
    case "run_finished":
      return finishOf(event);
    case "telemetry_dropped":
      return {
        type: "warning",
        message: `${event.count} log lines were lost, since the server was away for too long.`,
      };
    case "processes_spent":
      return {
        type: "warning",
        message: `This machine has memory for ${event.processes} run processes, and ${event.waiting} of them hold runs that wait: nothing new starts here until one becomes free. Start a worker on another machine to go on at once.`,
      };
    case "process_failed":
      return { type: "warning", message: `A run process ended before it was ready: ${event.message}` };
  }
}

/** What calls the hook of a run that has ended is shown as that hook. */
function nameOf({ runId, taskId, hook }: Finish["run"]): NamedRun {
  return hook === undefined ? { runId, taskId } : { runId: hook.runId, taskId, hook: hook.kind };
}

function logOf(record: Extract<HostEvent, { type: "run_log" }>["record"]): DevEvent {
  const { runId, level, message, attributes } = record;
  const parsed: unknown = attributes === undefined ? undefined : JSON.parse(attributes);
  return { type: "run_log", runId, level, message, ...(parsed === undefined ? {} : { attributes: parsed }) };
}

type Finish = Extract<HostEvent, { type: "run_finished" }>;

function finishOf({ run, result }: Finish): DevEvent {
  const nextAttemptInMs = nextAttemptOf(run, result);
  return {
    type: "run_finished",
    ...nameOf(run),
    attempt: run.attempt,
    durationMs: result.durationMs,
    error: result.kind === "completed" ? null : publicRunError(result.error),
    ...(nextAttemptInMs === null ? {} : { nextAttemptInMs }),
  };
}

/** The server attempts a run as often as the run itself says, whatever its code asks for. */
function nextAttemptOf(run: Finish["run"], result: Finish["result"]): number | null {
  if (result.kind === "completed" || result.retry === undefined || "never" in result.retry) return null;
  return run.attempt < run.maxAttempts ? result.retry.delayMs : null;
}
