import { currentRun } from "./runtime.ts";

/** The calls of {@link timeout}. */
export interface TimeoutApi {
  /**
   * The `maxDuration` of a task, or of a trigger, whose attempts may take as long as they need, whatever the configuration says.
   *
   * @example
   * ```ts
   * export const archive = task({ id: "archive", maxDuration: timeout.None, run: async () => archiveAll() });
   * ```
   */
  readonly None: number;
  /**
   * The signal of the run that executes, for code that has no `signal` of its own at hand: it fires when the run has exceeded its
   * `maxDuration`, and when it is cancelled. Undefined outside of a run.
   *
   * @example
   * ```ts
   * const answer = await fetch("https://example.com/slow", timeout.signal === undefined ? {} : { signal: timeout.signal });
   * ```
   */
  readonly signal: AbortSignal | undefined;
}

/**
 * About the time that an attempt may take.
 *
 * @example
 * ```ts
 * export const archive = task({ id: "archive", maxDuration: timeout.None, run: async () => archiveAll() });
 * ```
 */
export const timeout: TimeoutApi = {
  None: 2_147_483_647,
  get signal() {
    const current = currentRun();
    return current.kind === "run" ? current.run.signal : undefined;
  },
};
