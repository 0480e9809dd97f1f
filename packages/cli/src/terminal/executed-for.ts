import type { RunSummary } from "@pawl/contract/api/runs";
import { formatDuration } from "@pawl/contract/duration";

/**
 * How long a run's code executed, all attempts that ended together.
 *
 * @param run - the run
 * @returns the text; undefined while no attempt has ended
 */
export function executedFor(run: RunSummary): string | undefined {
  const hasEnded = run.durationMs > 0 || (run.isCompleted && run.startedAt !== undefined);
  return hasEnded ? formatDuration(run.durationMs) : undefined;
}
