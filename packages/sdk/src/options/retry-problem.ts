import { maxAttemptsCap, type PartialRetryPolicy } from "@pawl/contract/retry";
import { type OptionNames, unknownOption } from "./option-names.ts";

const names: OptionNames<PartialRetryPolicy> & { readonly outOfMemory: true } = {
  maxAttempts: true,
  factor: true,
  minTimeoutInMs: true,
  maxTimeoutInMs: true,
  randomize: true,
  outOfMemory: true, // taken and kept for nothing: machines are not enforced
};

/**
 * Says what is wrong with settings of retries.
 *
 * @param retry - as they were written
 * @returns a sentence that goes on after their name, such as `has a factor of 0; …`; null when they can be right
 * @example
 * ```ts
 * retryProblem({ factor: 0 }); // "has a factor of 0; it must be a number from 1."
 * ```
 */
export function retryProblem(retry: unknown): string | null {
  if (retry === undefined) return null;
  if (typeof retry !== "object" || retry === null || Array.isArray(retry)) {
    return `is ${JSON.stringify(retry)}; write it as { maxAttempts: 3, factor: 2, minTimeoutInMs: 1000 }.`;
  }
  const unknown = unknownOption(retry, names);
  if (unknown !== null) return unknown;
  const { maxAttempts, factor, minTimeoutInMs, maxTimeoutInMs, randomize } = retry as Record<string, unknown>;
  if (maxAttempts !== undefined && !isWhole(maxAttempts, 1, maxAttemptsCap)) {
    return `has maxAttempts of ${maxAttempts}; it must be a whole number from 1 to ${maxAttemptsCap}, the first attempt included.`;
  }
  if (factor !== undefined && !isFrom(factor, 1)) return `has a factor of ${factor}; it must be a number from 1.`;
  for (const [name, value] of Object.entries({ minTimeoutInMs, maxTimeoutInMs })) {
    if (value !== undefined && !isFrom(value, 0)) {
      return `has a ${name} of ${value}; it must be a number of milliseconds from 0.`;
    }
  }
  if (typeof minTimeoutInMs === "number" && typeof maxTimeoutInMs === "number" && minTimeoutInMs > maxTimeoutInMs) {
    return `has a minTimeoutInMs of ${minTimeoutInMs} above its maxTimeoutInMs of ${maxTimeoutInMs}.`;
  }
  if (randomize !== undefined && typeof randomize !== "boolean") {
    return `has randomize of ${String(randomize)}; it must be true or false.`;
  }
  return null;
}

function isFrom(value: unknown, min: number): boolean {
  return typeof value === "number" && Number.isFinite(value) && value >= min;
}

function isWhole(value: unknown, min: number, max: number): boolean {
  return isFrom(value, min) && Number.isInteger(value) && Number(value) <= max;
}
