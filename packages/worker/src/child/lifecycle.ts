import { hookNames } from "@pawl/contract/hook-names";
import { nextRetryDelayMs } from "@pawl/contract/retry";
import type { HookExtras, HookName } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import type { BundleConfig } from "./bundle-config.ts";
import { type Failure, failureOf, retryPolicyOf } from "./failure.ts";
import { type Ending, outputOf, writeOutput } from "./output.ts";
import { callHooks, hasHooks, hookParams, hooksFor, inHookSpan, type RunScene } from "./run-hooks.ts";

/** The hooks that do not surround the code of an attempt: they are called where something happens to it. */
const otherHooks: ReadonlySet<HookName> = new Set(["onWait", "onResume", "onCancel", "catchError"]);
const lifecycleHooks = hookNames.filter((name) => !otherHooks.has(name));

/** An attempt whose hooks are to be called. */
export interface HookedAttempt {
  readonly run: RunInProcess;
  readonly scene: RunScene;
  readonly config: BundleConfig;
  /** Calls `run`. */
  readonly code: () => Promise<unknown>;
}

/** How an attempt ended inside of its middleware, with what was thrown where it failed. */
type InnerEnding = { readonly ending: Ending; readonly thrown?: unknown };

/** Whether an attempt has hooks around its code; most have none. */
export function hasLifecycle(scene: RunScene): boolean {
  return lifecycleHooks.some((name) => hasHooks(name, scene));
}

/**
 * Goes through an attempt with its hooks. Never rejects.
 *
 * ```
 * middleware (global ▶ task)
 *   init ▶ onStart (first attempt) ▶ onStartAttempt ▶ run
 *     ├─ returned ▶ onSuccess ▶ onComplete ──────────────────────────┐
 *     └─ threw ▶ catchError ─ no further attempt ▶ onFailure ▶ onComplete ─┤
 *   cleanup ◀───────────────────────────────────────────────────────────────┘
 * ```
 *
 * A cancelled run has `onCancel` and `cleanup` alone.
 *
 * @param attempt - the attempt
 * @returns how it ended
 */
export async function throughLifecycle(attempt: HookedAttempt): Promise<Ending> {
  const { run, scene, config } = attempt;
  let inner: InnerEnding | null = null;
  const body = async () => {
    inner = await withCleanup(attempt);
    if (inner.ending.kind === "failed") throw inner.thrown;
  };
  if (!hasHooks("middleware", scene)) {
    await body().catch(() => undefined);
    return endingOf(inner);
  }
  const whole = throughMiddleware(scene, body);
  scene.code = whole;
  try {
    await whole;
  } catch (thrown) {
    // The widened type of what the closure has set.
    const before = inner as InnerEnding | null;
    if (before?.ending.kind === "failed" && before.thrown === thrown) return before.ending;
    return failureOf(run, scene, thrown, config);
  }
  return endingOf(inner);
}

/** A middleware that never called `next` leaves a run that did nothing. */
function endingOf(inner: InnerEnding | null): Ending {
  return inner?.ending ?? writeOutput(undefined);
}

/** Calls the middleware, the outermost first; waits for the rest even where one does not. */
export async function throughMiddleware(scene: RunScene, body: () => Promise<void>): Promise<void> {
  const chain = hooksFor("middleware", scene);
  const call = async (place: number): Promise<void> => {
    const hook = chain[place];
    if (hook === undefined) return body();
    let rest: Promise<void> | null = null;
    const next = () => {
      if (rest !== null) throw new Error("A middleware called next() twice.");
      rest = call(place + 1);
      rest.catch(() => undefined); // a middleware may leave it to run
      return rest;
    };
    await hook(hookParams<"middleware">(scene, { next }));
    await (rest as Promise<void> | null)?.catch(() => undefined);
  };
  await call(0);
}

async function withCleanup(attempt: HookedAttempt): Promise<InnerEnding> {
  const inner = await withOutcomeHooks(attempt);
  await quietly(attempt, "cleanup", {});
  return inner;
}

async function withOutcomeHooks(attempt: HookedAttempt): Promise<InnerEnding> {
  const { run, scene, config } = attempt;
  let ending: Ending;
  let output: unknown;
  let thrown: unknown;
  try {
    output = await outputOf(begun(attempt));
    ending = writeOutput(output);
    if (ending.kind === "failed")
      thrown = new Error(ending.error.type === "INTERNAL_ERROR" ? ending.error.message : "");
  } catch (error) {
    thrown = error;
    ending = await failureOf(run, scene, error, config);
  }
  // How a run ends that took too long is decided by its host, and its hooks are called after that.
  if (run.isCancelled || run.isAborted) return { ending, thrown };
  if (ending.kind === "completed") {
    await quietly(attempt, "onSuccess", { output });
    await quietly(attempt, "onComplete", { result: { ok: true, data: output } });
  } else if (isLast(ending, attempt)) {
    await quietly(attempt, "onFailure", { error: thrown });
    await quietly(attempt, "onComplete", { result: { ok: false, error: thrown } });
  }
  return { ending, thrown };
}

/** What opens the attempt, and its code. */
async function begun({ run, scene, code }: HookedAttempt): Promise<unknown> {
  for (const hook of hooksFor("init", scene)) {
    scene.init = await inHookSpan("init", async () => hook(hookParams<"init">(scene, {})));
  }
  if (run.attempt === 1) await callHooks("onStart", scene, {});
  await callHooks("onStartAttempt", scene, {});
  return code();
}

/** Whether no attempt follows a failure. */
function isLast({ retry }: Failure, { run, scene, config }: HookedAttempt): boolean {
  if (retry !== undefined) return "never" in retry;
  return nextRetryDelayMs(retryPolicyOf(run, scene, config), run.attempt) === null;
}

/** Calls hooks whose failure changes nothing any more. */
async function quietly<K extends HookName>(
  { run, scene }: HookedAttempt,
  name: K,
  extras: HookExtras[K],
): Promise<void> {
  for (const hook of hooksFor(name, scene)) {
    try {
      await inHookSpan(name, async () => hook(hookParams(scene, extras)));
    } catch (thrown) {
      run.logThrown(`The ${name} hook threw.`, thrown);
    }
  }
}
