import type { TriggerCallAnswer } from "@pawl/contract/worker-protocol";
import { SubtaskUnwrapError } from "../errors/wait-error.ts";
import { sha256 } from "../idempotency/sha256.ts";
import { sendUnsentMetadata } from "../metadata/unsent-metadata.ts";
import type { ActiveRun, WaitAbout } from "../runtime.ts";
import type { TaskRunResult } from "../tasks/result-types.ts";
import { keptForLater, type OpenedWait, resultOf, waitingRun } from "../wait/opened-wait.ts";
import { WaitPromise } from "../wait/wait-promise.ts";
import { callAsRun } from "./run-call.ts";
import { taskRunResult } from "./task-run-result.ts";
import { checkTaskId, parentOf, postRun, type TriggerCall } from "./trigger.ts";
import { isShort, type WireRun, wireRun } from "./wire-run.ts";

/**
 * A run that was triggered by the run that waits for it. It was triggered at the call; the wait begins when the promise is
 * awaited.
 *
 * @example
 * ```ts
 * const result = await resize.triggerAndWait({ url });
 * if (result.ok) console.log(result.output);
 * const output = await resize.triggerAndWait({ url }).unwrap();
 * ```
 */
export class TaskRunPromise<TId extends string, TOutput> extends WaitPromise<TaskRunResult<TId, TOutput>> {
  /**
   * Waits for the run.
   *
   * @returns its output
   * @throws SubtaskUnwrapError when the run did not complete; its `cause` is the run's error
   * @example
   * ```ts
   * const { width } = await resize.triggerAndWait({ url }).unwrap();
   * ```
   */
  async unwrap(): Promise<TOutput> {
    const result = await this;
    if (result.ok) return result.output;
    throw new SubtaskUnwrapError(result.taskIdentifier, result.id, result.error);
  }
}

/** One call that triggers and waits. */
export interface TriggerAndWaitCall extends TriggerCall {
  /** Checks the payload before anything is sent; throws when it does not fit. */
  readonly parsePayload?: ((payload: unknown) => Promise<unknown>) | undefined;
}

/**
 * Starts a run at once, and waits for it when the result is asked for.
 *
 * @param call - task, payload and options
 * @returns the run's result on its way
 * @throws RunContextError outside of a run; PayloadError, ApiError when the run can't be made; all of them when it
 * is awaited
 * @example
 * ```ts
 * await triggerAndWait({ taskId: "hello", payload: { name: "Ada" }, options: undefined, requestOptions: undefined });
 * ```
 */
export function triggerAndWait<TId extends string, TOutput>(
  call: TriggerAndWaitCall & { readonly taskId: TId },
): TaskRunPromise<TId, TOutput> {
  const opening = keptForLater(open(call));
  return new TaskRunPromise(async () => {
    const result = await resultOf(opening);
    if (result.kind !== "run")
      throw new Error(`The wait for a run of task ${call.taskId} ended as one for a ${result.kind}.`);
    return taskRunResult<TId, TOutput>(result.run);
  });
}

async function open(call: TriggerAndWaitCall): Promise<OpenedWait> {
  const { taskId, payload, parsePayload } = call;
  checkTaskId(taskId);
  const run = waitingRun(`Triggering task ${taskId} and waiting for it`);
  await parsePayload?.(payload);
  const child = await wireRun(call, { subject: `task ${taskId}`, isAwaited: true });
  const wait = run.nextWait(await waitKind(taskId, child));
  if (!isShort(child)) return { run, wait, about: Promise.resolve(await openOverHttp(run, wait, call, child)) };
  // Nothing may come between the next call and what is returned: the run is suspended for the wait behind the call that opens it.
  const sending = sendUnsentMetadata();
  if (sending !== null) await sending;
  const answer = callAsRun<TriggerCallAnswer>(run, { kind: "trigger", taskId, ...child, wait });
  const about = answer.then(({ runId }): WaitAbout => ({ type: "task", runId }));
  return { run, wait, about: keptForLater(about) };
}

/** An attempt after a loss triggers the same again, perhaps in another order: what is triggered is part of the key. */
async function waitKind(taskId: string, { payload = "", options }: WireRun): Promise<string> {
  const hash = await sha256(`${taskId}\0${payload}\0${options.idempotencyKey ?? ""}`);
  return `run:${hash.slice(0, 16)}`;
}

/** A payload that is too long for the control connection: the run is made over HTTP, and the wait for it is joined. */
async function openOverHttp(
  run: ActiveRun,
  wait: string,
  call: TriggerAndWaitCall,
  child: WireRun,
): Promise<WaitAbout> {
  const more = { ...parentOf(run), resumeParentOnCompletion: true, parentWait: wait };
  const { id: runId } = await postRun(call.taskId, child, more, call.requestOptions);
  // The waitpoint of a run has the run's own id.
  await callAsRun(run, { kind: "join", wait, waitpointId: runId.replace(/^run_/, "waitpoint_") });
  return { type: "task", runId };
}
