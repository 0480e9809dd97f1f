import { currentRun } from "./runtime.ts";

/** How long code may compute until a `yield` lets others go first, in milliseconds. */
const longestTurnMs = 25;

let lastYield = { atMs: 0, onMonotonicMs: Number.NEGATIVE_INFINITY };

/** The calls of {@link heartbeats}. */
export interface HeartbeatsApi {
  /**
   * Lets everything else in the process go on for a moment, if code has computed for 25 ms since the last time: signs of life, cancels,
   * logs, other runs that share the process. Cheap enough for each turn of a loop. Outside of a run it does nothing.
   *
   * @example
   * ```ts
   * for (const row of rows) {
   *   hash(row);
   *   await heartbeats.yield();
   * }
   * ```
   */
  yield(): Promise<void>;
  /**
   * Says when `yield` let others go last.
   *
   * @returns the time; undefined if it never has
   * @example
   * ```ts
   * logger.debug("Last yield", { at: heartbeats.getLastHeartbeat() });
   * ```
   */
  getLastHeartbeat(): Date | undefined;
}

/**
 * For code that computes for long without awaiting anything, and so would keep the process from doing anything else.
 *
 * @example
 * ```ts
 * for (const row of rows) {
 *   hash(row);
 *   await heartbeats.yield();
 * }
 * ```
 */
export const heartbeats: HeartbeatsApi = {
  async yield() {
    if (currentRun().kind !== "run" || performance.now() - lastYield.onMonotonicMs < longestTurnMs) return;
    await nextTurn();
    lastYield = { atMs: Date.now(), onMonotonicMs: performance.now() };
  },
  getLastHeartbeat: () => (lastYield.atMs === 0 ? undefined : new Date(lastYield.atMs)),
};

/** After what has arrived is read; a promise alone would go on in the same turn. */
function nextTurn(): Promise<void> {
  const host = globalThis as { setImmediate?: (body: () => void) => unknown }; // Node and Bun have it
  return new Promise((resolve) => {
    if (host.setImmediate === undefined) setTimeout(resolve, 0);
    else host.setImmediate(resolve);
  });
}
