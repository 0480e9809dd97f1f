import { mergeRetryPolicies, nextRetryDelayMs, type RetryPolicy } from "@pawl/contract/retry";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { CatchErrorDecision, HookExtras } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import type { BundleConfig } from "./bundle-config.ts";
import { hasHooks, hookParams, hooksFor, type RunScene } from "./run-hooks.ts";
import { describeThrown, runErrorOf } from "./thrown-value.ts";

type Failed = Extract<RunResult, { kind: "failed" }>;

/** How an attempt failed, before the run's identity and duration are added. */
export interface Failure {
  readonly kind: "failed";
  readonly error: Failed["error"];
  readonly retry?: NonNullable<Failed["retry"]>;
}

/**
 * The retry policy of a run: its own number of attempts over its task's policy, over the configuration's.
 *
 * @param run - the run
 * @param scene - what its hooks are told
 * @param config - the bundle's configuration
 * @returns the whole policy
 */
export function retryPolicyOf(run: RunInProcess, scene: RunScene, config: BundleConfig): RetryPolicy {
  return mergeRetryPolicies(config.retries?.default, scene.definition.retry, { maxAttempts: run.maxAttempts });
}

/**
 * Decides what becomes of an attempt whose code threw: final errors are not tried again; otherwise the `catchError` hooks are
 * asked, and where they say nothing the host goes by the retry policy.
 *
 * @param run - the run
 * @param scene - what its hooks are told; null before its code began
 * @param thrown - what was thrown
 * @param config - the bundle's configuration
 * @returns the failure to report
 */
export async function failureOf(
  run: RunInProcess,
  scene: RunScene | null,
  thrown: unknown,
  config: BundleConfig,
): Promise<Failure> {
  const error = isOutOfMemory(thrown) ? outOfMemory(thrown) : runErrorOf(thrown);
  const isRetryOff = config.retries?.enabledInDev === false && scene?.ctx.environment.type === "DEVELOPMENT";
  if (isFinal(thrown) || isRetryOff) return { kind: "failed", error, retry: { never: true } };
  if (scene === null || run.isCancelled || !hasHooks("catchError", scene)) return { kind: "failed", error };
  const policy = retryPolicyOf(run, scene, config);
  const delayMs = nextRetryDelayMs(policy, run.attempt);
  const planned = delayMs === null ? {} : { retryAt: new Date(Date.now() + delayMs), retryDelayInMs: delayMs };
  let decision: CatchErrorDecision | null;
  try {
    decision = await firstDecision(scene, { error: thrown, retry: policy, ...planned });
  } catch (thrownByHook) {
    return handleErrorFailed(thrownByHook);
  }
  return {
    kind: "failed",
    error: decision?.error === undefined ? error : runErrorOf(decision.error),
    retry: retryOf(decision, { policy, attempt: run.attempt, plannedDelayMs: delayMs }),
  };
}

async function firstDecision(scene: RunScene, extras: HookExtras["catchError"]): Promise<CatchErrorDecision | null> {
  for (const hook of hooksFor("catchError", scene)) {
    const decision = await hook(hookParams<"catchError">(scene, extras));
    // What else users may return decides nothing.
    if (typeof decision === "object" && decision !== null && Object.keys(decision).length > 0) return decision;
  }
  return null;
}

function retryOf(
  decision: CatchErrorDecision | null,
  plan: { readonly policy: RetryPolicy; readonly attempt: number; readonly plannedDelayMs: number | null },
): NonNullable<Failed["retry"]> {
  if (plan.plannedDelayMs === null || decision?.skipRetrying === true) return { never: true };
  if (decision?.retryAt !== undefined) return { delayMs: Math.max(0, decision.retryAt.getTime() - Date.now()) };
  if (decision?.retryDelayInMs !== undefined) return { delayMs: Math.max(0, decision.retryDelayInMs) };
  if (decision?.retry === undefined) return { delayMs: plan.plannedDelayMs };
  const delayMs = nextRetryDelayMs(mergeRetryPolicies(plan.policy, decision.retry), plan.attempt);
  return delayMs === null ? { never: true } : { delayMs };
}

/**
 * The failure of an attempt that did not come from its code.
 *
 * @param code - what went wrong
 * @param thrown - what was thrown, or a sentence
 * @returns the failure
 */
export function internalFailure(code: "TASK_INPUT_ERROR" | "TASK_OUTPUT_ERROR", thrown: unknown): Failure {
  const { message, stack } = describeThrown(thrown);
  return {
    kind: "failed",
    error: { type: "INTERNAL_ERROR", code, message, ...(stack === "" ? {} : { stackTrace: stack }) },
  };
}

function handleErrorFailed(thrown: unknown): Failure {
  const { message, stack } = describeThrown(thrown);
  const error = {
    type: "INTERNAL_ERROR",
    code: "HANDLE_ERROR_ERROR",
    message: `The catchError hook threw ${message}`,
    ...(stack === "" ? {} : { stackTrace: stack }),
  } as const;
  return { kind: "failed", error, retry: { never: true } };
}

const memoryMark = Symbol.for("pawl.error.OutOfMemoryError.1");

function isOutOfMemory(thrown: unknown): thrown is Error {
  if (typeof thrown !== "object" || thrown === null) return false;
  try {
    return memoryMark in thrown;
  } catch {
    return false; // it throws when it is looked at
  }
}

function outOfMemory({ message, stack }: Error): Failed["error"] {
  const trace = stack === undefined ? {} : { stackTrace: stack };
  return { type: "INTERNAL_ERROR", code: "TASK_PROCESS_OOM_KILLED", message, ...trace };
}

// By the mark that all copies of the SDK put on an error and its subclasses, or by name.
const finalErrors = ["AbortTaskRunError", "OutOfMemoryError", "TaskPayloadParsedError"].map((name) => ({
  name,
  mark: Symbol.for(`pawl.error.${name}.1`),
}));
const apiErrorMark = Symbol.for("pawl.error.ApiError.1");

function isFinal(thrown: unknown): boolean {
  if (typeof thrown !== "object" || thrown === null) return false;
  try {
    return isFinalObject(thrown);
  } catch {
    return false; // it throws when it is looked at
  }
}

function isFinalObject(thrown: object): boolean {
  if (apiErrorMark in thrown && "status" in thrown) return isFinalStatus(Number(thrown.status));
  return finalErrors.some(({ name, mark }) => mark in thrown || ("name" in thrown && thrown.name === name));
}

// What the server refused it will refuse again, but for a timeout and a rate limit.
function isFinalStatus(status: number): boolean {
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}
