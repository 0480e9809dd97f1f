import { mergeRetryPolicies, nextRetryDelayMs, type PartialRetryPolicy } from "@pawl/contract/retry";
import { RunCancelledError } from "../errors/run-cancelled-error.ts";
import { AbortTaskRunError } from "../errors/task-error.ts";
import { retryProblem } from "../options/retry-problem.ts";
import { retryPause } from "./retry-pause.ts";

/** How often and with which delays something is tried; what is left out is 3 attempts, doubling from 1 s up to 60 s, with jitter. */
export type RetryOptions = PartialRetryPolicy;

/** What the body of `retry.onThrow` is told. */
export interface TryArguments {
  /** From 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
}

/**
 * Calls a function again when it throws; see `retry.onThrow`.
 *
 * @param body - what to try
 * @param options - how often, and with which delays
 * @returns what the function returned
 * @throws what it threw last; `AbortTaskRunError` and `RunCancelledError` at once
 */
export async function retryOnThrow<T>(
  body: (args: TryArguments) => Promise<T> | T,
  options: RetryOptions = {},
): Promise<T> {
  const problem = retryProblem(options);
  if (problem !== null) throw new TypeError(`The policy of retry.onThrow ${problem}`);
  const policy = mergeRetryPolicies(options);
  for (let attempt = 1; ; attempt++) {
    try {
      return await body({ attempt, maxAttempts: policy.maxAttempts });
    } catch (error) {
      if (error instanceof AbortTaskRunError || error instanceof RunCancelledError) throw error;
      const delayMs = nextRetryDelayMs(policy, attempt);
      if (delayMs === null) throw error;
      await retryPause(delayMs);
    }
  }
}
