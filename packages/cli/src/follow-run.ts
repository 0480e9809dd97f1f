import { setTimeout as delay } from "node:timers/promises";
import type { AttemptFailure, RunDetail, RunEvent } from "@pawl/contract/api/runs";
import type { ApiClient } from "./api/client.ts";
import { earlierAttempts } from "./earlier-attempts.ts";

/** Whom to tell of a run that is followed. */
export interface FollowListeners {
  /** Each line the run logs, once, in order. */
  readonly onEvent: (event: RunEvent) => void;
  /** Each attempt that failed and did not end the run, once. */
  readonly onAttemptFailed: (attempt: AttemptFailure) => void;
  /** Why the run does not execute, each time the reason changes. */
  readonly onReason: (reason: string) => void;
}

const firstPauseMs = 50;
const longestPauseMs = 1_000;
// A run's last lines travel apart from its end.
const lastLinesMs = 400;
// Reasons that pass by at once are not worth a line.
const patienceMs = 2_000;

/**
 * Follows a run until it has finished.
 *
 * @param api - the server
 * @param runId - the run, `run_…`
 * @param listeners - whom to tell meanwhile
 * @returns the finished run
 */
export async function followRun(
  api: Pick<ApiClient, "retrieveRun" | "runEvents">,
  runId: string,
  listeners: FollowListeners,
): Promise<RunDetail> {
  let newsAtMs = Date.now();
  let told = 0;
  let reason: string | undefined;
  const tellEvents = async () => {
    const { events } = await api.runEvents(runId);
    for (const event of events.slice(told)) if (event.kind === "log") listeners.onEvent(event);
    told = Math.max(told, events.length);
  };
  let toldAttempt = 0;
  const tellAttempts = (run: RunDetail) => {
    for (const attempt of earlierAttempts(run)) {
      if (attempt.number <= toldAttempt) continue;
      toldAttempt = attempt.number;
      newsAtMs = Date.now();
      listeners.onAttemptFailed(attempt);
    }
  };
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
    const run = await api.retrieveRun(runId);
    if (run.attemptCount > 0) await tellEvents();
    tellAttempts(run);
    if (run.isCompleted) {
      await delay(lastLinesMs);
      await tellEvents();
      return run;
    }
    if (run.reason !== undefined && run.reason !== reason && Date.now() - newsAtMs > patienceMs) {
      reason = run.reason;
      listeners.onReason(run.reason);
    }
    await delay(pauseMs);
  }
}
