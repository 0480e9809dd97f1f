import type { TriggerRequestOptions } from "../auth/access-token.ts";
import type { ApiPromise } from "../client/api-promise.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { runtime } from "../runtime.ts";
import type {
  BatchByIdAndWaitItem,
  BatchByIdItem,
  BatchByTaskAndWaitItem,
  BatchByTaskItem,
  BatchHandle,
  BatchItems,
  BatchOptions,
  BatchTaskResult,
  BatchTupleResult,
  RetrievedBatch,
} from "../tasks/batch-types.ts";
import type { AnyTask, TriggerOptions, UntypedTask } from "../tasks/task-types.ts";
import { batchTriggerAndWait } from "./batch-and-wait.ts";
import type { BatchEntry } from "./batch-lines.ts";
import { retrieveBatch } from "./batch-retrieve.ts";
import { batchTrigger } from "./batch-trigger.ts";

/** The calls of {@link batch}. */
export interface BatchApi {
  /**
   * Starts runs of different tasks by their ids, in one call. The tasks' types alone are imported.
   *
   * @param items - ids and payloads: an array, an async iterable or a stream of at most 10,000
   * @returns the batch, once all its runs are stored
   * @throws BatchTriggerError with the cause; before anything is sent, PayloadError and RangeError
   * @example
   * ```ts
   * await batch.trigger<typeof hello | typeof resize>([
   *   { id: "hello", payload: { name: "Ada" } },
   *   { id: "resize", payload: { url }, options: { tags: "x" } },
   * ]);
   * ```
   */
  trigger<TTask extends AnyTask = UntypedTask>(
    items: BatchItems<BatchByIdItem<TTask>>,
    options?: BatchOptions,
    requestOptions?: TriggerRequestOptions,
  ): Promise<BatchHandle>;
  /**
   * Starts runs of different tasks by their ids, and waits for all of them. `taskIdentifier` tells the results apart.
   *
   * @param items - ids and payloads
   * @returns `id`, and `runs` in the order of the items: each with its output or its error
   * @throws RunContextError outside of a run; BatchTriggerError
   * @example
   * ```ts
   * const { runs } = await batch.triggerAndWait<typeof hello | typeof resize>(items);
   * for (const run of runs) if (run.ok && run.taskIdentifier === "hello") console.log(run.output.greeting);
   * ```
   */
  triggerAndWait<TTask extends AnyTask = UntypedTask>(
    items: BatchItems<BatchByIdAndWaitItem<TTask>>,
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchTaskResult<TTask>>;
  /**
   * Starts runs of different tasks, given as themselves, in one call.
   *
   * @param items - tasks and payloads, which schemas of the tasks check
   * @returns the batch, once all its runs are stored
   * @throws what `trigger` throws; TaskPayloadParsedError when a schema refuses a payload
   * @example
   * ```ts
   * await batch.triggerByTask([{ task: hello, payload: { name: "Ada" } }, { task: tick }]);
   * ```
   */
  triggerByTask<const TTasks extends readonly AnyTask[]>(
    items: { readonly [Index in keyof TTasks]: BatchByTaskItem<TTasks[Index]> },
    options?: BatchOptions,
    requestOptions?: TriggerRequestOptions,
  ): Promise<BatchHandle>;
  triggerByTask<TTask extends AnyTask>(
    items: BatchItems<TTask extends AnyTask ? BatchByTaskItem<TTask> : never>,
    options?: BatchOptions,
    requestOptions?: TriggerRequestOptions,
  ): Promise<BatchHandle>;
  /**
   * Starts runs of different tasks, given as themselves, and waits for all of them.
   *
   * @param items - tasks and payloads
   * @returns `id`, and `runs`, each with the type of its item's task
   * @throws RunContextError outside of a run; what `triggerByTask` throws
   * @example
   * ```ts
   * const { runs: [greeting, number] } = await batch.triggerByTaskAndWait([
   *   { task: hello, payload: { name: "Ada" } },
   *   { task: tick },
   * ]);
   * ```
   */
  triggerByTaskAndWait<const TTasks extends readonly AnyTask[]>(
    items: { readonly [Index in keyof TTasks]: BatchByTaskAndWaitItem<TTasks[Index]> },
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchTupleResult<TTasks>>;
  triggerByTaskAndWait<TTask extends AnyTask>(
    items: BatchItems<TTask extends AnyTask ? BatchByTaskAndWaitItem<TTask> : never>,
    options?: BatchOptions,
    requestOptions?: RequestOptions,
  ): Promise<BatchTaskResult<TTask>>;
  /**
   * Gets a batch as it stands now.
   *
   * @param batch - its id, or its handle
   * @returns its status, the ids of its runs in the order of the items, and the items that could not be triggered
   * @throws NotFoundError when there is no such batch
   * @example
   * ```ts
   * const { status, runs } = await batch.retrieve(handle);
   * ```
   */
  retrieve(batch: string | { readonly batchId: string }, requestOptions?: RequestOptions): ApiPromise<RetrievedBatch>;
}

interface ItemById {
  readonly id: string;
  readonly payload?: unknown;
  readonly options?: TriggerOptions;
}

interface ItemByTask {
  readonly task: AnyTask;
  readonly payload?: unknown;
  readonly options?: TriggerOptions;
}

const entryById = ({ id, payload, options }: ItemById): BatchEntry => ({ taskId: id, payload, options });

function entryByTask({ task, payload, options }: ItemByTask): BatchEntry {
  const parsePayload = runtime().tasks.get(task.id)?.[0]?.parsePayload;
  return { taskId: task.id, payload, options, parsePayload };
}

/**
 * Triggers runs of different tasks together.
 *
 * @example
 * ```ts
 * const { batchId } = await batch.trigger([{ id: "hello", payload: { name: "Ada" } }, { id: "tick" }]);
 * const { status } = await batch.retrieve(batchId);
 * ```
 */
export const batch: BatchApi = {
  trigger: (items, options, requestOptions) =>
    batchTrigger({ items: items as BatchItems<ItemById>, toEntry: entryById, options, requestOptions }),
  triggerAndWait: (items, options, requestOptions) =>
    batchTriggerAndWait({ items: items as BatchItems<ItemById>, toEntry: entryById, options, requestOptions }),
  triggerByTask: (items: BatchItems<ItemByTask>, options?: BatchOptions, requestOptions?: RequestOptions) =>
    batchTrigger({ items, toEntry: entryByTask, options, requestOptions }),
  triggerByTaskAndWait: ((items: BatchItems<ItemByTask>, options?: BatchOptions, requestOptions?: RequestOptions) =>
    batchTriggerAndWait({
      items,
      toEntry: entryByTask,
      options,
      requestOptions,
    })) as BatchApi["triggerByTaskAndWait"], // results are of the tasks of their items
  retrieve: retrieveBatch,
};
