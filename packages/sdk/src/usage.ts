import { currentRun } from "./runtime.ts";

/** What some executing has used. */
export interface ComputeUsage {
  /** How long it executed, in milliseconds; the time in which the run waited does not count. */
  readonly durationMs: number;
  /** 0: a server of your own has no prices. */
  readonly costInCents: number;
}

/** What a run has used so far. */
export interface CurrentUsage {
  readonly compute: {
    /** Of the attempt that executes. */
    readonly attempt: ComputeUsage;
    /** Of the attempts that this process knows of: the one that executes. */
    readonly total: ComputeUsage;
  };
  readonly baseCostInCents: number;
  readonly totalCostInCents: number;
}

/** The calls of {@link usage}. */
export interface UsageApi {
  /**
   * Says how much the run that executes has used so far.
   *
   * @returns the time and the cost; undefined outside of a run
   * @example
   * ```ts
   * const spentMs = usage.getCurrent()?.compute.attempt.durationMs ?? 0;
   * if (spentMs > 60_000) logger.warn("This takes long", { spentMs });
   * ```
   */
  getCurrent(): CurrentUsage | undefined;
  /**
   * Calls a function and says how much it has used; also outside of a run.
   *
   * @param body - the function
   * @returns what it returned, and what it used
   * @throws what it throws
   * @example
   * ```ts
   * const { result, compute } = await usage.measure(async () => buildReport());
   * logger.info("Built", { result, tookMs: compute.durationMs });
   * ```
   */
  measure<T>(body: () => Promise<T> | T): Promise<{ readonly result: T; readonly compute: ComputeUsage }>;
}

/**
 * How long a run has executed, without the time in which it waited.
 *
 * @example
 * ```ts
 * const { compute } = await usage.measure(async () => buildReport());
 * logger.info("Built", { tookMs: compute.durationMs });
 * ```
 */
export const usage: UsageApi = {
  getCurrent() {
    const durationMs = executedMs();
    if (durationMs === undefined) return undefined;
    const attempt = { durationMs, costInCents: 0 };
    return { compute: { attempt, total: attempt }, baseCostInCents: 0, totalCostInCents: 0 };
  },
  async measure(body) {
    const clock = executedMs() === undefined ? () => performance.now() : () => executedMs() ?? Number.NaN;
    const beganMs = clock();
    const result = await body();
    return { result, compute: { durationMs: clock() - beganMs, costInCents: 0 } };
  },
};

function executedMs(): number | undefined {
  const current = currentRun();
  return current.kind === "run" ? current.run.executedMs : undefined;
}
