import type { AttemptFailure, RunDetail } from "@pawl/contract/api/runs";

/**
 * The attempts of a run that failed and did not end it: each was, or will be, followed by another one. The error of the last
 * attempt of a failed run is the run's own.
 *
 * @param run - a run, finished or not
 * @returns the attempts, the first one first
 */
export function earlierAttempts(run: RunDetail): readonly AttemptFailure[] {
  return run.error === undefined ? run.attempts : run.attempts.filter(({ number }) => number < run.attemptCount);
}
