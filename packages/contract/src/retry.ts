/** How failed attempts of a run are repeated. */
export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  /** What the delay is multiplied by from one attempt to the next. */
  readonly factor: number;
  /** The delay after the first attempt, in milliseconds. */
  readonly minTimeoutInMs: number;
  /** The longest delay, in milliseconds. */
  readonly maxTimeoutInMs: number;
  /** Whether a delay is stretched by a random factor between 1 and 2, so that runs do not retry in step. */
  readonly randomize: boolean;
}

/** The policy of a task that says nothing: 3 attempts, doubling from 1 s up to 60 s, with jitter. */
export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 3,
  factor: 2,
  minTimeoutInMs: 1_000,
  maxTimeoutInMs: 60_000,
  randomize: true,
};

/** No run is attempted more often than this, whatever its policy says. */
export const maxAttemptsCap = 250;

/** A policy with gaps, as users write it. */
export type PartialRetryPolicy = { readonly [K in keyof RetryPolicy]?: RetryPolicy[K] | undefined };

/**
 * Merges policies field by field: a later one wins where it says something, and the default fills what nobody says.
 *
 * @param layers - policies in rising precedence (config, task, trigger); `undefined` layers are skipped
 * @returns a whole policy, with `maxAttempts` between 1 and 250
 * @example
 * ```ts
 * mergeRetryPolicies({ factor: 3 }, { maxAttempts: 5 }); // factor 3, 5 attempts, the rest by default
 * ```
 */
export function mergeRetryPolicies(...layers: readonly (PartialRetryPolicy | undefined)[]): RetryPolicy {
  const merged: { -readonly [K in keyof RetryPolicy]: RetryPolicy[K] } = { ...defaultRetryPolicy };
  for (const layer of layers) {
    if (layer === undefined) continue;
    merged.maxAttempts = layer.maxAttempts ?? merged.maxAttempts;
    merged.factor = layer.factor ?? merged.factor;
    merged.minTimeoutInMs = layer.minTimeoutInMs ?? merged.minTimeoutInMs;
    merged.maxTimeoutInMs = layer.maxTimeoutInMs ?? merged.maxTimeoutInMs;
    merged.randomize = layer.randomize ?? merged.randomize;
  }
  merged.maxAttempts = Math.min(Math.max(1, Math.floor(merged.maxAttempts)), maxAttemptsCap);
  return merged;
}

/**
 * The delay before the next attempt: `min(max, jitter × min × factor^(attempt − 1))`.
 *
 * @param policy - the run's policy
 * @param attempt - the number of the attempt that failed, from 1
 * @param random - a number from 0 up to 1; a test passes its own
 * @returns the delay in milliseconds, or `null` when the attempts are used up
 * @example
 * ```ts
 * nextRetryDelayMs({ ...defaultRetryPolicy, randomize: false }, 2); // 2_000
 * ```
 */
export function nextRetryDelayMs(policy: RetryPolicy, attempt: number, random = Math.random()): number | null {
  if (attempt >= Math.min(policy.maxAttempts, maxAttemptsCap)) return null;
  const jitter = policy.randomize ? 1 + random : 1;
  return Math.round(Math.min(policy.maxTimeoutInMs, jitter * policy.minTimeoutInMs * policy.factor ** (attempt - 1)));
}
