import type { NewRunParent, TriggerRefusal } from "./ports.ts";
import type { WaitIdempotency } from "./wait-ports.ts";

// What the engine needs of the store for batches.

/** A batch about to be made. */
export interface NewBatch {
  readonly environmentId: string;
  readonly id: string;
  readonly runCount: number;
  /** Makes the call safe to repeat: the same key gives the same batch. */
  readonly requestKey: string | null;
  readonly idempotency: WaitIdempotency | null;
  /** The run of whose code it is; with the key of its wait when it waits for the whole batch. */
  readonly parent: NewRunParent | null;
}

/** What became of a {@link NewBatch}. */
export type BatchOutcome =
  | { readonly kind: "created"; readonly id: string; readonly runCount: number }
  /** `isCached`: another call made it, by the same idempotency key, and it is sealed. Otherwise its items are sent again: those it has are skipped. */
  | { readonly kind: "found"; readonly id: string; readonly runCount: number; readonly isCached: boolean }
  | { readonly kind: "refused"; readonly reason: TriggerRefusal };

/** An item of a batch that can't be triggered. */
export interface FailedBatchItem {
  readonly index: number;
  readonly taskId: string;
  /** A sentence. */
  readonly error: string;
  /** A code of the API's errors. */
  readonly errorCode: string;
}

/** Batches in two phases. */
export interface BatchStore {
  create(batch: NewBatch): Promise<BatchOutcome>;
  /** Null when there is no such batch. */
  find(
    environmentId: string,
    batchId: string,
  ): Promise<{ readonly runCount: number; readonly indexes: ReadonlySet<number> } | null>;
  /** Notes items that can't be triggered, in place of their runs; an item that is there already stays. */
  failItems(environmentId: string, batchId: string, items: readonly FailedBatchItem[]): Promise<void>;
  /** All items have come; answers whether a run that waited for the batch can go on. */
  seal(environmentId: string, batchId: string): Promise<boolean>;
}
