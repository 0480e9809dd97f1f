import type { RunFilters } from "./run-filters.ts";

/** Which runs a bulk action is about. */
export type BulkSelection =
  | { readonly filter: RunFilters; readonly runIds?: never; readonly all?: never }
  /** At most 10,000. */
  | { readonly runIds: readonly string[]; readonly filter?: never; readonly all?: never }
  /** Every run of the environment. */
  | { readonly all: true; readonly filter?: never; readonly runIds?: never };

/** What `runs.bulk.cancel` takes. */
export type BulkCancelOptions = BulkSelection & {
  /** What it is for, for whoever looks at it later; at most 255 characters. */
  readonly name?: string;
  /** Whether `onCancel` is called for runs that have not begun; default: no. Those that execute or wait have it called in any case. */
  readonly runHooks?: boolean;
};

/** What `runs.bulk.replay` takes. */
export type BulkReplayOptions = BulkSelection & {
  /** What it is for, for whoever looks at it later; at most 255 characters. */
  readonly name?: string;
  /** Where the new runs execute; default: where those that they repeat did. */
  readonly targetRegion?: string;
};

/** A bulk action as it stands. */
export interface BulkAction {
  /** `bulk_…` */
  readonly id: string;
  readonly name?: string;
  readonly type: "CANCEL" | "REPLAY";
  readonly status: "PENDING" | "COMPLETED" | "ABORTED";
  readonly counts: {
    /** How many runs it is about; it grows while they are counted, which is before the first of them is touched. */
    readonly total: number;
    readonly success: number;
    readonly failure: number;
  };
  readonly createdAt: Date;
  readonly completedAt?: Date;
}

/** Settings of `runs.bulk.list`. */
export interface ListBulkActionsOptions {
  /** Actions on a page, 1 to 100; default: 25. */
  readonly limit?: number;
  /** A cursor of an earlier page. */
  readonly after?: string;
  readonly before?: string;
}
