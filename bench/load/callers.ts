import type { CallCount } from "./protocol.ts";

/**
 * Lets callers make one call after the other, side by side, until the time is over.
 *
 * @param callers - how many
 * @param durationMs - how long new calls are begun
 * @param call - one call
 * @returns the calls that were answered, and the time until the last answer
 */
export async function callDuring(
  callers: number,
  durationMs: number,
  call: () => Promise<unknown>,
): Promise<CallCount> {
  const beganAtMs = performance.now();
  let count = 0;
  const caller = async () => {
    while (performance.now() - beganAtMs < durationMs) {
      await call();
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return { count, elapsedMs: performance.now() - beganAtMs };
}
