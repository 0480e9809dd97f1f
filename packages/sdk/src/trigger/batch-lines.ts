import { hashKey, type WireKey } from "../idempotency/idempotency-key.ts";
import type { BatchItems, ItemStream } from "../tasks/batch-types.ts";
import type { TriggerOptions } from "../tasks/task-types.ts";
import { wireRun } from "./wire-run.ts";

/** The most items one batch may have. */
const maxBatchItems = 10_000;

/** An item of any batch, with the task that it is for. */
export interface BatchEntry {
  readonly taskId: string;
  readonly payload: unknown;
  readonly options: TriggerOptions | undefined;
  /** Checks the payload before anything is sent; throws when it does not fit. */
  readonly parsePayload?: ((payload: unknown) => Promise<unknown>) | undefined;
}

/** A key of a whole batch. */
export type BatchKey = WireKey & { readonly idempotencyKeyTTL?: string | undefined };

/** What is to be written as lines. */
export interface LinesToWrite<TItem> {
  readonly items: BatchItems<TItem>;
  readonly toEntry: (item: TItem) => BatchEntry;
  readonly isAwaited: boolean;
  /** Each item without a key gets this one with its index. */
  readonly batchKey: BatchKey | null;
}

/** The items of a batch as lines of JSON. */
export interface BatchLines {
  readonly lines: readonly string[];
  readonly taskIds: ReadonlySet<string>;
}

/**
 * Reads the items of a batch to their end and writes each as a line of JSON at once, so that no more than the lines are held.
 * Their number has to be known before the first one is sent.
 *
 * @param batch - the items, and what decides about them
 * @returns the lines
 * @throws RangeError with no items or more than 10,000; PayloadError, TaskPayloadParsedError when an item can't be
 * sent; whatever the items' iterator throws
 * @example
 * ```ts
 * const { lines } = await writeLines({ items: [1, 2], toEntry, isAwaited: false, batchKey: null });
 * ```
 */
export async function writeLines<TItem>(batch: LinesToWrite<TItem>): Promise<BatchLines> {
  const { items, toEntry } = batch;
  if (Array.isArray(items)) requireCount(items.length);
  const lines: string[] = [];
  const taskIds = new Set<string>();
  for await (const item of iterate(items)) {
    if (lines.length === maxBatchItems) throw tooMany("more");
    const entry = toEntry(item);
    lines.push(await writeLine(entry, lines.length, batch));
    taskIds.add(entry.taskId);
  }
  requireCount(lines.length);
  return { lines, taskIds };
}

async function writeLine(
  entry: BatchEntry,
  index: number,
  batch: Pick<LinesToWrite<unknown>, "isAwaited" | "batchKey">,
) {
  const { taskId, payload, parsePayload } = entry;
  await parsePayload?.(payload);
  const { isAwaited, batchKey } = batch;
  const hasKey = batchKey === null || entry.options?.idempotencyKey !== undefined;
  const place = { subject: `item ${index} of the batch, task ${taskId}`, isAwaited, isItem: true };
  const run = await wireRun(entry, hasKey ? place : { ...place, batchKey: await itemKey(batchKey, index) });
  return JSON.stringify({ index, task: taskId, ...run });
}

async function itemKey(batchKey: BatchKey, index: number): Promise<BatchKey> {
  const { idempotencyKey } = await hashKey({
    key: [batchKey.idempotencyKey, String(index)],
    scope: "global",
    run: null,
  });
  const source = batchKey.idempotencyKeyOptions;
  return {
    idempotencyKey,
    ...(source === undefined ? {} : { idempotencyKeyOptions: { ...source, key: `${source.key}-${index}` } }),
    idempotencyKeyTTL: batchKey.idempotencyKeyTTL,
  };
}

function requireCount(count: number): void {
  if (count === 0) throw new RangeError("The batch has no items.");
  if (count > maxBatchItems) throw tooMany(String(count));
}

function tooMany(count: string): RangeError {
  return new RangeError(`A batch has at most ${maxBatchItems} items, and this one has ${count}. Send several batches.`);
}

/** A stream is iterated over by its reader where it can't be otherwise, as in some browsers. */
function iterate<TItem>(items: BatchItems<TItem>): Iterable<TItem> | AsyncIterable<TItem> {
  if (typeof items === "object" && items !== null) {
    if (Symbol.asyncIterator in items || Symbol.iterator in items) return items;
    if ("getReader" in items) return readStream(items);
  }
  throw new TypeError("The items of a batch must be an array, something to iterate over, or a ReadableStream.");
}

async function* readStream<TItem>(stream: ItemStream<TItem>): AsyncGenerator<TItem> {
  const reader = stream.getReader();
  let isDone = false;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      isDone = done;
      if (done) return;
      yield value as TItem; // present while the stream is not done
    }
  } finally {
    if (!isDone) await reader.cancel();
  }
}
