import { errorOfRun } from "../errors/run-error.ts";
import { cancel } from "../runs/control.ts";
import type { TaskRunResult } from "../tasks/result-types.ts";
import type { TriggerAndSubscribeOptions } from "../tasks/task-types.ts";
import { type TriggerCall, trigger } from "../trigger/trigger.ts";
import { TaskRunPromise } from "../trigger/trigger-and-wait.ts";
import { keptForLater } from "../wait/opened-wait.ts";
import type { LiveRun } from "./live-run.ts";
import { subscribeToRun } from "./subscribe.ts";

/** One call that triggers and follows. */
export interface TriggerAndSubscribeCall extends Omit<TriggerCall, "options"> {
  readonly options: TriggerAndSubscribeOptions | undefined;
  /** Checks the payload before anything is sent; throws when it does not fit. */
  readonly parsePayload?: ((payload: unknown) => Promise<unknown>) | undefined;
}

/**
 * Starts a run at once, and follows it until it has ended.
 *
 * @param call - task, payload and options
 * @returns the run's result on its way
 * @throws what `trigger` and the loop of `subscribeToRun` throw; the reason of the signal when that fires: when it is awaited
 * @example
 * ```ts
 * await triggerAndSubscribe({ taskId: "hello", payload: 1, options: { signal }, requestOptions: undefined });
 * ```
 */
export function triggerAndSubscribe<TId extends string, TOutput>(
  call: TriggerAndSubscribeCall & { readonly taskId: TId },
): TaskRunPromise<TId, TOutput> {
  const result = keptForLater(follow<TId, TOutput>(call));
  return new TaskRunPromise(() => result);
}

async function follow<TId extends string, TOutput>(
  call: TriggerAndSubscribeCall & { readonly taskId: TId },
): Promise<TaskRunResult<TId, TOutput>> {
  const { signal, cancelOnAbort = true, ...options } = call.options ?? {};
  signal?.throwIfAborted();
  await call.parsePayload?.(call.payload);
  const { id } = await trigger({ ...call, options });
  const { clientConfig } = call.requestOptions ?? {};
  const reading = { ...(signal && { signal }), ...(clientConfig && { clientConfig }) };
  for await (const run of subscribeToRun(id, reading)) {
    if (run.isCompleted) return resultOf<TId, TOutput>(call.taskId, run);
  }
  if (cancelOnAbort) await cancel(id, call.requestOptions);
  throw signal?.reason ?? new Error(`The subscription to ${id} ended before the run.`);
}

function resultOf<TId extends string, TOutput>(taskIdentifier: TId, run: LiveRun): TaskRunResult<TId, TOutput> {
  const { id, error } = run;
  // Of the type of the task.
  if (run.isSuccess) return { ok: true, id, taskIdentifier, output: run.output as TOutput };
  if (error === undefined)
    return { ok: false, id, taskIdentifier, error: new Error(`The run ended as ${run.status}.`) };
  const { name = "Error", message, stackTrace = "", causes } = error;
  const thrown = errorOfRun({
    type: "BUILT_IN_ERROR",
    name,
    message,
    stackTrace,
    ...(causes === undefined ? {} : { causes: [...causes] }),
  });
  return { ok: false, id, taskIdentifier, error: thrown };
}
