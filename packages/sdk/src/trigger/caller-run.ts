import type { RequestOptions } from "../client/client-settings.ts";
import { scopedConfiguration } from "../client/scoped-configuration.ts";
import { RunContextError } from "../errors/task-error.ts";
import { type ActiveRun, currentRun } from "../runtime.ts";

const remedy =
  "A connection pool's socket, an event emitter or a data loader that one run opened and another uses carries the wrong " +
  "context. Make the call in the run's own async code, or give the callback its context with AsyncResource.bind.";

/**
 * Finds the run on whose behalf an API call is made.
 *
 * @param callName - the call, for messages
 * @returns the run; `null` in a backend, where there is none
 * @throws RunContextError inside a run process when the call's context is missing or belongs to a run that has ended
 * @example
 * ```ts
 * const parentRunId = callerRun("tasks.trigger")?.runId;
 * ```
 */
export function callerRun(callName: string): ActiveRun | null {
  const current = currentRun();
  switch (current.kind) {
    case "backend":
      return null;
    case "run":
      return current.run;
    case "context_missing":
      throw new RunContextError(
        `${callName} was called outside any run: its asynchronous context is lost, or it runs while the file is imported. ${remedy}`,
      );
    case "context_ended":
      throw new RunContextError(
        `${callName} was called in the context of a run that has ended: something it did not await went on. ${remedy}`,
      );
  }
}

/**
 * Finds the run that new runs are the children of.
 *
 * @param callName - the call, for messages
 * @param requestOptions - of the call
 * @returns the run; null in a backend, and where the call has a key of its own: that may be one of another environment
 * @throws RunContextError as {@link callerRun}
 * @example
 * ```ts
 * const parent = parentRun("Triggering task hello");
 * ```
 */
export function parentRun(callName: string, requestOptions?: RequestOptions): ActiveRun | null {
  const target = requestOptions?.clientConfig;
  if (target !== undefined) return target.inheritContext === true ? callerRun(callName) : null;
  return scopedConfiguration() === undefined ? callerRun(callName) : null;
}
