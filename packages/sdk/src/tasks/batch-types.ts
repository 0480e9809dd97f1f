import type { BatchDetail } from "@pawl/contract/api/batch";
import type { IdempotencyKeyInput } from "../idempotency/idempotency-key.ts";
import type { BatchResult, TaskRunResult } from "./result-types.ts";
import type {
  AnyTask,
  TaskIdentifier,
  TaskOutput,
  TaskPayload,
  TriggerAndWaitOptions,
  TriggerOptions,
} from "./task-types.ts";

/** Options of one batch call. */
export interface BatchOptions {
  /**
   * Makes the call safe to repeat: each item without a key of its own gets this one with its index. Plain text holds in the
   * whole environment.
   */
  readonly idempotencyKey?: IdempotencyKeyInput;
  /** How long the key is kept, such as `1h`; default: 30 days. */
  readonly idempotencyKeyTTL?: string;
  /**
   * Queues no run before that of an earlier item: in a queue that executes one run at a time they execute in the order of the
   * items. Without it, a run may come before that of an item some hundred places earlier; default: false.
   */
  readonly triggerSequentially?: boolean;
}

/** A payload as an item carries it; a task without a payload needs none. */
type ItemPayload<TInput> = undefined extends TInput ? { readonly payload?: TInput } : { readonly payload: TInput };

/** One run of a batch. */
export type BatchItem<TInput> = ItemPayload<TInput> & { readonly options?: TriggerOptions };

/** One run of a batch that is waited for. */
export type BatchAndWaitItem<TInput> = ItemPayload<TInput> & { readonly options?: TriggerAndWaitOptions };

/** One run of a batch of different tasks, by the task's id. */
export type BatchByIdItem<TTask extends AnyTask> = TTask extends AnyTask
  ? BatchItem<TaskPayload<TTask>> & { readonly id: TaskIdentifier<TTask> }
  : never;

/** One run of a batch of different tasks that is waited for, by the task's id. */
export type BatchByIdAndWaitItem<TTask extends AnyTask> = TTask extends AnyTask
  ? BatchAndWaitItem<TaskPayload<TTask>> & { readonly id: TaskIdentifier<TTask> }
  : never;

/** One run of a batch of different tasks, by the task itself. */
export type BatchByTaskItem<TTask extends AnyTask> = BatchItem<TaskPayload<TTask>> & { readonly task: TTask };

/** One run of a batch of different tasks that is waited for, by the task itself. */
export type BatchByTaskAndWaitItem<TTask extends AnyTask> = BatchAndWaitItem<TaskPayload<TTask>> & {
  readonly task: TTask;
};

/** A stream of items, as of `ReadableStream`, also where it can't be iterated over. */
export interface ItemStream<TItem> {
  getReader(): {
    read(): Promise<{ readonly done: boolean; readonly value?: TItem | undefined }>;
    cancel(reason?: unknown): Promise<unknown>;
  };
}

/** Items of a batch: an array, anything that can be iterated over, or a stream. At most 10,000. */
export type BatchItems<TItem> = readonly TItem[] | Iterable<TItem> | AsyncIterable<TItem> | ItemStream<TItem>;

/** How the runs of a task end. */
export type ResultOfTask<TTask extends AnyTask> = TTask extends AnyTask
  ? TaskRunResult<TaskIdentifier<TTask>, TaskOutput<TTask>>
  : never;

/** What a batch of one task, or of several by their ids, came to. */
export type BatchTaskResult<TTask extends AnyTask> = BatchResult<readonly ResultOfTask<TTask>[]>;

/** What a batch of tasks came to, item by item. */
export type BatchTupleResult<TTasks extends readonly AnyTask[]> = BatchResult<{
  readonly [Index in keyof TTasks]: ResultOfTask<TTasks[Index]>;
}>;

/** A triggered batch. */
export interface BatchHandle {
  /** `batch_…` */
  readonly batchId: string;
  readonly runCount: number;
  /** Whether an earlier call with the same idempotency key made it, so that nothing was sent. */
  readonly isCached: boolean;
  /** A token that may read this batch, for browsers; absent where the server gives none. */
  readonly publicAccessToken?: string;
}

/** A batch as `batch.retrieve` gives it. */
export interface RetrievedBatch extends Omit<BatchDetail, "createdAt" | "updatedAt" | "processing"> {
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly processing: Omit<BatchDetail["processing"], "completedAt"> & {
    /** When the last item had come. */
    readonly completedAt?: Date;
  };
}
