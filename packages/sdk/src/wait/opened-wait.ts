import type { WaitResult } from "@pawl/contract/worker-protocol";
import { apiErrorFromCall } from "../errors/api-error-from-call.ts";
import { RunContextError } from "../errors/task-error.ts";
import type { ActiveRun, WaitAbout } from "../runtime.ts";
import { callerRun } from "../trigger/caller-run.ts";

/** A wait that a run's code has asked for. */
export interface OpenedWait {
  readonly run: ActiveRun;
  /** Its key within the run. */
  readonly wait: string;
  /** What it is for, once the server has opened it; rejects when it does not. */
  readonly about: Promise<WaitAbout>;
}

/**
 * Finds the run that a call waits in.
 *
 * @param callName - the call, for messages
 * @returns the run
 * @throws RunContextError outside of a run, or where its context is lost
 * @example
 * ```ts
 * const run = waitingRun("wait.for");
 * ```
 */
export function waitingRun(callName: string): ActiveRun {
  const run = callerRun(callName);
  if (run !== null) return run;
  throw new RunContextError(
    `${callName} waits inside of a run, and here is none: it works only in the code of a task. ` +
      "A backend can trigger the task and ask for its run with runs.poll.",
  );
}

/**
 * Waits for what has been asked for.
 *
 * @param opening - the wait, once its call is on its way
 * @returns what the wait came to
 * @throws ApiError when the server does not open it
 * @example
 * ```ts
 * const result = await resultOf(opening);
 * ```
 */
export async function resultOf(opening: Promise<OpenedWait>): Promise<WaitResult> {
  const { run, wait, about } = await opening;
  try {
    return await run.awaitWait(wait, about);
  } catch (thrown) {
    throw apiErrorFromCall(thrown);
  }
}

/**
 * Keeps a failure for whoever waits for the promise later. It is no unhandled rejection until then: code may start several
 * things and wait for them one after the other.
 *
 * @param promise - the promise
 * @returns the same promise
 * @example
 * ```ts
 * const opening = keptForLater(open());
 * ```
 */
export function keptForLater<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
