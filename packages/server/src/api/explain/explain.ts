import type { RunCondition, RunExplanation } from "@pawl/contract/api/explain";
import type { RunStanding } from "../../engine/read-ports.ts";
import { claimConditions } from "./claim-conditions.ts";
import type { Surroundings } from "./condition.ts";
import { resumeConditions } from "./resume-conditions.ts";
import { waitReason } from "./waits.ts";

/**
 * Says why an unfinished run is not executing, and what would change that: the conditions of the claim are judged in the
 * claim's own order, and the first that does not hold is the reason.
 *
 * @param around - what is around the run
 * @returns the reason, null for a run that executes, and the conditions
 * @example
 * ```ts
 * explain({ standing, environmentSlug: "dev", freeProcesses: new Map() }).reason;
 * // "The queue emails is at its limit: 10 of 10 runs execute, the oldest run_… for 4.0 s on host w3."
 * ```
 */
export function explain(around: Surroundings): RunExplanation {
  const { standing } = around;
  switch (standing.state) {
    case "executing":
      return { reason: null, conditions: [] };
    case "pending_version":
      return unmet("task_known", withExpiry(pendingReason(around), standing));
    case "delayed":
      return unmet("due", withExpiry(delayReason(standing), standing));
    case "queued":
      return judged(claimConditions(around), standing, "Nothing keeps the run: a worker host takes it at any moment.");
    case "claimed":
      return unmet("process_free", claimedReason(standing));
    case "waiting":
      return unmet("wait_over", waitReason(standing));
    case "resuming":
      return judged(resumeConditions(around), standing, "The wait of the run is over: it goes on at any moment.");
    case "cancelling":
      return unmet("ended", cancellingReason(standing));
  }
}

function unmet(name: string, reason: string): RunExplanation {
  return { reason, conditions: [{ name, holds: false, detail: reason }] };
}

function judged(conditions: readonly RunCondition[], standing: RunStanding, otherwise: string): RunExplanation {
  const failed = conditions.find(({ holds }) => !holds);
  const reason = withExpiry(failed?.detail ?? otherwise, standing);
  return { reason: standing.state === "resuming" ? resumeReason(failed, otherwise) : reason, conditions };
}

function resumeReason(failed: RunCondition | undefined, otherwise: string): string {
  return failed === undefined
    ? otherwise
    : `The wait of the run is over, and it needs its slot again. ${failed.detail}`;
}

function withExpiry(reason: string, { expiresAt }: RunStanding): string {
  return expiresAt === null
    ? reason
    : `${reason} The run expires at ${expiresAt.toISOString()} unless it starts before.`;
}

function pendingReason({ standing, environmentSlug }: Surroundings): string {
  return `No version of environment ${environmentSlug} has the task ${standing.taskId}: correct its id, or start a worker that has it.`;
}

function delayReason({ attempt, dueAt, debounceKey, keepsPlace }: RunStanding): string {
  const due = dueAt === null ? "later" : `at ${dueAt.toISOString()}`;
  if (attempt === 0) {
    const later = debounceKey === null ? "" : `, or later if another trigger has the debounce key ${debounceKey}`;
    return `The run is delayed: it is queued ${due}${later}.`;
  }
  const place = keepsPlace ? " It keeps its place: the runs behind it in its queue wait." : "";
  return `Attempt ${attempt} failed; the next one is queued ${due}.${place}`;
}

function claimedReason({ host }: RunStanding): string {
  return `The worker host ${host?.name ?? ""} has the run and starts it as soon as one of its processes is free.`;
}

function cancellingReason({ host }: RunStanding): string {
  return `The run was cancelled: its code on host ${host?.name ?? ""} is given 30 seconds to end.`;
}
