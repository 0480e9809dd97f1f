import type { RunRecord, RunStanding } from "../engine/read-ports.ts";

/**
 * Says in one sentence why an unfinished run is not executing, and what would change that.
 *
 * @param standing - the figures around the run
 * @param run - the run itself
 * @param environmentSlug - the name of its environment
 * @returns the sentence; null for a run that executes
 * @example
 * ```ts
 * reasonFor({ ...standing, state: "pending_version" }, run, "dev");
 * // "No version of environment dev has the task movies.report: start a worker that has it."
 * ```
 */
export function reasonFor(
  standing: RunStanding,
  run: Pick<RunRecord, "attempt">,
  environmentSlug: string,
): string | null {
  switch (standing.state) {
    case "executing":
      return null;
    case "pending_version":
      return `No version of environment ${environmentSlug} has the task ${standing.taskId}: start a worker that has it.`;
    case "delayed":
      return reasonOfDelay(standing, run);
    case "queued":
    case "resuming":
      return reasonInQueue(standing, environmentSlug);
    case "claimed":
      return "A worker host has the run and starts it as soon as one of its processes is free.";
    case "waiting":
      return "The run waits for what its code awaits: a time, a token or another run.";
    case "cancelling":
      return "The run was cancelled and is given time to end.";
  }
}

function reasonOfDelay(standing: RunStanding, run: Pick<RunRecord, "attempt">): string {
  const due = standing.dueAt === null ? "later" : `at ${standing.dueAt.toISOString()}`;
  if (run.attempt === 0) return `The run is delayed: it is queued ${due}.`;
  return `Attempt ${run.attempt} failed; the next one is queued ${due}.`;
}

function reasonInQueue(standing: RunStanding, environmentSlug: string): string {
  const queue = `The queue ${standing.queueName}`;
  if (standing.isEnvironmentPaused) return `The environment ${environmentSlug} is paused: resume it to go on.`;
  if (standing.isQueuePaused) return `${queue} is paused: resume it to go on.`;
  if (standing.connectedHosts === 0) {
    return `No worker host is connected to environment ${environmentSlug}: start one with 'pawl dev' or 'pawl worker'.`;
  }
  if (standing.versionLabel !== null && !standing.hasHostWithVersion) {
    return `The run began on version ${standing.versionLabel}, which no connected worker host has: start a worker with that code again, or trigger the run anew.`;
  }
  if (!standing.hasTask) {
    return `The current version of environment ${environmentSlug} does not have the task ${standing.taskId}: start a worker that has it.`;
  }
  if (!standing.hasHostWithVersion) {
    return `No connected worker host has the current version of environment ${environmentSlug} yet: update the worker.`;
  }
  if (standing.queueLimit !== null && standing.queueHeld >= standing.queueLimit) {
    return `${queue} is at its limit: ${standing.queueHeld} of ${standing.queueLimit} runs execute.`;
  }
  if (standing.environmentHeld >= standing.environmentLimit) {
    return `The environment ${environmentSlug} is at its limit: ${standing.environmentHeld} of ${standing.environmentLimit} runs execute.`;
  }
  return "The run waits for its turn: every process of the connected worker hosts is busy.";
}
