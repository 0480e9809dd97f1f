/** A queue as the API shows it. */
export interface QueueItem {
  /** `queue_…` */
  readonly id: string;
  /** Of a task's own queue, the id of the task. */
  readonly name: string;
  readonly type: "task" | "custom";
  readonly running: number;
  readonly queued: number;
  readonly paused: boolean;
  /** For each concurrency key; null: no limit of its own. */
  readonly concurrencyLimit: number | null;
  readonly concurrency?: {
    readonly current: number | null;
    readonly base: number | null;
    readonly override: number | null;
    readonly overriddenAt: string | null;
    readonly overriddenBy: string | null;
  };
}

/** The answer of `GET /api/v1/queues`. */
export interface QueueList {
  readonly data: readonly QueueItem[];
  readonly pagination: { readonly currentPage: number; readonly totalPages: number; readonly count: number };
}
