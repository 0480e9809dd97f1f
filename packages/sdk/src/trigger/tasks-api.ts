import type { TriggerRequestOptions } from "../auth/access-token.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { type GlobalHooks, globalHooks } from "../hooks/register-hook.ts";
import { triggerAndSubscribe } from "../realtime/trigger-and-subscribe.ts";
import type {
  BatchAndWaitItem,
  BatchHandle,
  BatchItem,
  BatchItems,
  BatchOptions,
  BatchTaskResult,
} from "../tasks/batch-types.ts";
import type {
  AnyTask,
  RunHandle,
  TaskIdentifier,
  TaskOutput,
  TaskPayload,
  TriggerAndSubscribeOptions,
  TriggerAndWaitOptions,
  TriggerOptions,
  UntypedTask,
} from "../tasks/task-types.ts";
import { batchTriggerAndWait } from "./batch-and-wait.ts";
import { batchTrigger } from "./batch-trigger.ts";
import { trigger } from "./trigger.ts";
import { type TaskRunPromise, triggerAndWait } from "./trigger-and-wait.ts";

/** What follows the id in a trigger call; a task without a payload needs none. */
type TriggerArguments<TInput, TOptions = TriggerOptions, TRequest = TriggerRequestOptions> = undefined extends TInput
  ? [payload?: TInput, options?: TOptions, requestOptions?: TRequest]
  : [payload: TInput, options?: TOptions, requestOptions?: TRequest];

/** The calls of {@link tasks}. */
export interface TasksApi extends GlobalHooks {
  /**
   * Starts a run of a task by its id. The type alone is imported, so that the task's code stays out of the caller's bundle.
   * The task need not exist yet: its run waits for it.
   *
   * @param taskId - the task's id
   * @param call - the payload, at most 3 MB, which a schema checks when the run starts; options; request options
   * @returns the run's handle, once the run is stored
   * @throws ApiError when the server refuses; ApiClientMissingError without a key; PayloadError when it can't be sent
   * @example
   * ```ts
   * import type { hello } from "./trigger/hello.ts";
   * const handle = await tasks.trigger<typeof hello>("hello", { name: "Ada" });
   * ```
   */
  trigger<TTask extends AnyTask = UntypedTask>(
    taskId: TaskIdentifier<TTask>,
    ...call: TriggerArguments<TaskPayload<TTask>>
  ): Promise<RunHandle<TaskIdentifier<TTask>, TaskPayload<TTask>, TaskOutput<TTask>>>;
  /**
   * Starts a run of a task by its id at once, and waits for it when the result is asked for. Only in the code of a task.
   *
   * @param taskId - the task's id
   * @param call - the payload; options, without `version`: the run executes with the version of the run that waits
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when the run did not complete; `.unwrap()` gives the output or
   * throws SubtaskUnwrapError
   * @throws RunContextError outside of a run, and what `trigger` throws, when the result is asked for
   * @example
   * ```ts
   * const result = await tasks.triggerAndWait<typeof hello>("hello", { name: "Ada" });
   * if (result.ok) console.log(result.output.greeting);
   * ```
   */
  triggerAndWait<TTask extends AnyTask = UntypedTask>(
    taskId: TaskIdentifier<TTask>,
    ...call: TriggerArguments<TaskPayload<TTask>, TriggerAndWaitOptions, RequestOptions>
  ): TaskRunPromise<TaskIdentifier<TTask>, TaskOutput<TTask>>;
  /**
   * Starts a run of a task by its id at once, and follows it until it has ended. Anywhere; in the code of a task the caller keeps its
   * slot meanwhile.
   *
   * @param taskId - the task's id
   * @param call - the payload; options: `signal` ends the call, and cancels the run unless `cancelOnAbort` is false
   * @returns `{ ok: true, output }`, or `{ ok: false, error }` when the run did not complete; `.unwrap()` gives the output or
   * throws SubtaskUnwrapError
   * @throws what `trigger` throws, and the reason of the signal, when the result is asked for
   * @example
   * ```ts
   * const result = await tasks.triggerAndSubscribe<typeof hello>("hello", { name: "Ada" });
   * if (result.ok) console.log(result.output.greeting);
   * ```
   */
  triggerAndSubscribe<TTask extends AnyTask = UntypedTask>(
    taskId: TaskIdentifier<TTask>,
    ...call: TriggerArguments<TaskPayload<TTask>, TriggerAndSubscribeOptions, RequestOptions>
  ): TaskRunPromise<TaskIdentifier<TTask>, TaskOutput<TTask>>;
  /**
   * Starts one run of a task for each item, in one call.
   *
   * @param taskId - the task's id
   * @param items - payloads with their options: an array, an async iterable or a stream of at most 10,000
   * @param options - a key for the whole batch
   * @returns the batch, once all its runs are stored
   * @throws BatchTriggerError with the cause; before anything is sent, PayloadError for an item that can't be sent, RangeError
   * with no items or more than 10,000
   * @example
   * ```ts
   * await tasks.batchTrigger<typeof hello>("hello", [{ payload: { name: "Ada" } }, { payload: { name: "Grace" } }]);
   * ```
   */
  batchTrigger<TTask extends AnyTask = UntypedTask>(
    taskId: TaskIdentifier<TTask>,
    items: BatchItems<BatchItem<TaskPayload<TTask>>>,
    options?: BatchOptions,
    requestOptions?: TriggerRequestOptions,
  ): Promise<BatchHandle>;
  /**
   * Starts one run of a task for each item at once, and waits for all of them when the result is asked for. Only in the code
   * of a task.
   *
   * @param taskId - the task's id
   * @param items - payloads with their options
   * @returns `id`, and `runs` in the order of the items: each with its output or its error
   * @throws RunContextError outside of a run, and what `batchTrigger` throws, when the result is asked for
   * @example
   * ```ts
   * const { runs } = await tasks.batchTriggerAndWait<typeof hello>("hello", [{ payload: { name: "Ada" } }]);
   * ```
   */
  batchTriggerAndWait<TTask extends AnyTask = UntypedTask>(
    taskId: TaskIdentifier<TTask>,
    items: BatchItems<BatchAndWaitItem<TaskPayload<TTask>>>,
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchTaskResult<TTask>>;
}

/** An item of a batch, whatever its task takes. */
interface AnyItem {
  readonly payload?: unknown;
  readonly options?: TriggerOptions;
}

/**
 * Triggers tasks by their id, and registers hooks for all of them.
 *
 * @example
 * ```ts
 * await tasks.trigger("hello", { name: "Ada" });
 * ```
 */
export const tasks: TasksApi = {
  ...globalHooks,
  trigger: (taskId, ...[payload, options, requestOptions]) => trigger({ taskId, payload, options, requestOptions }),
  triggerAndWait: (taskId, ...[payload, options, requestOptions]) =>
    triggerAndWait({ taskId, payload, options, requestOptions }),
  triggerAndSubscribe: (taskId, ...[payload, options, requestOptions]) =>
    triggerAndSubscribe({ taskId, payload, options, requestOptions }),
  batchTrigger: (taskId, items, options, requestOptions) =>
    batchTrigger({ items: items as BatchItems<AnyItem>, toEntry: entryOf(taskId), options, requestOptions }),
  batchTriggerAndWait: (taskId, items, options, requestOptions) =>
    batchTriggerAndWait({ items: items as BatchItems<AnyItem>, toEntry: entryOf(taskId), options, requestOptions }),
};

function entryOf(taskId: string) {
  return ({ payload, options }: AnyItem) => ({ taskId, payload, options });
}
