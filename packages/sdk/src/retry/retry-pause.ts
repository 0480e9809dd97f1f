import { currentRun } from "../runtime.ts";
import { waitFor } from "../wait/wait-for-time.ts";

/**
 * Waits before another try. In a run it is a wait: over a second the run gives its slot back meanwhile. Elsewhere it is a timer.
 *
 * @param lengthMs - how long, in milliseconds
 * @returns a promise for its end
 * @throws RunContextError where the context of a run was lost
 */
export async function retryPause(lengthMs: number): Promise<void> {
  if (lengthMs <= 0) return;
  if (currentRun().kind === "backend") await new Promise((resolve) => setTimeout(resolve, lengthMs));
  else await waitFor({ seconds: lengthMs / 1_000 });
}
