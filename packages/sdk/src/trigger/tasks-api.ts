import type { RequestOptions } from "../client/client-settings.ts";
import { type GlobalHooks, globalHooks } from "../hooks/register-hook.ts";
import type {
  AnyTask,
  BatchHandle,
  BatchItem,
  BatchOptions,
  RunHandle,
  TaskIdentifier,
  TaskOutput,
  TaskPayload,
  TriggerOptions,
  UntypedTask,
} from "../tasks/task-types.ts";
import { batchTrigger } from "./batch-trigger.ts";
import { trigger } from "./trigger.ts";

/** What follows the id in a trigger call; a task without a payload needs none. */
type TriggerArguments<TInput> = undefined extends TInput
  ? [payload?: TInput, options?: TriggerOptions, requestOptions?: RequestOptions]
  : [payload: TInput, options?: TriggerOptions, requestOptions?: RequestOptions];

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
   * Starts one run of a task for each item, in one call.
   *
   * @param taskId - the task's id
   * @param items - payloads with their options
   * @returns the batch, once all its runs are stored
   * @throws BatchTriggerError with the cause
   * @example
   * ```ts
   * await tasks.batchTrigger<typeof hello>("hello", [{ payload: { name: "Ada" } }, { payload: { name: "Grace" } }]);
   * ```
   */
  batchTrigger<TTask extends AnyTask = UntypedTask>(
    taskId: TaskIdentifier<TTask>,
    items: readonly BatchItem<TaskPayload<TTask>>[],
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchHandle>;
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
  batchTrigger: (taskId, items, _options, requestOptions) => batchTrigger({ taskId, items, requestOptions }),
};
