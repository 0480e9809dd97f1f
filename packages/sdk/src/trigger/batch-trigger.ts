import type { BatchItemsAnswer, CreateBatchAnswer } from "@pawl/contract/api/batch";
import type { BatchCallAnswer } from "@pawl/contract/worker-protocol";
import { checkTokenLife, type TriggerRequestOptions, withAskedToken } from "../auth/access-token.ts";
import { type ApiAnswer, callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { BatchNotSealedError, type BatchPhase, BatchTriggerError } from "../errors/batch-error.ts";
import { toWireKey } from "../idempotency/idempotency-key.ts";
import { sendUnsentMetadata } from "../metadata/unsent-metadata.ts";
import { checkOptionNames, type OptionNames } from "../options/option-names.ts";
import type { ActiveRun } from "../runtime.ts";
import type { BatchHandle, BatchItems, BatchOptions } from "../tasks/batch-types.ts";
import { type BatchEntry, type BatchKey, type BatchLines, writeLines } from "./batch-lines.ts";
import { parentRun } from "./caller-run.ts";
import { callAsRun } from "./run-call.ts";
import { accessTokenOf, parentOf } from "./trigger.ts";
import { checkKeyLife } from "./trigger-options.ts";

// A batch has two phases: it is announced with the number of its runs, then its items follow as lines of JSON. The server
// seals it when every index has arrived, and tells repeated ones apart by their index.

const maxStreams = 5;

/** One request carries lines of about this length in all; the server takes any number of requests. */
const maxStreamLength = 16 * 1024 * 1024;

/** One batch call. */
export interface BatchCall<TItem> {
  readonly items: BatchItems<TItem>;
  /** Says of an item what it triggers. */
  readonly toEntry: (item: TItem) => BatchEntry;
  readonly options: BatchOptions | undefined;
  readonly requestOptions: TriggerRequestOptions | undefined;
}

/**
 * Starts one run for each item.
 *
 * @param call - items and options
 * @returns the batch, once all its runs are stored
 * @throws BatchTriggerError with the phase that failed and its cause; before anything is sent, PayloadError for an item that
 * can't be sent, RangeError with no items or more than 10,000
 * @example
 * ```ts
 * await batchTrigger({ items: [1, 2], toEntry, options: undefined, requestOptions: undefined });
 * ```
 */
export async function batchTrigger<TItem>(call: BatchCall<TItem>): Promise<BatchHandle> {
  const { requestOptions } = call;
  const run = parentRun("Triggering a batch", requestOptions);
  checkTokenLife(requestOptions);
  const handle = await sendBatch(call, run, null);
  return withAskedToken(handle, `read:batch:${handle.batchId}`, requestOptions);
}

/**
 * Makes a batch and sends its items, in requests of at most about 16 MB one after the other.
 *
 * @param call - items and options
 * @param run - the run that triggers it; null in a backend
 * @param wait - the key of the run's wait for the batch; null when it does not wait
 * @returns the batch
 * @throws what {@link batchTrigger} throws
 * @example
 * ```ts
 * await sendBatch(call, run, run.nextWait("batch"));
 * ```
 */
export async function sendBatch<TItem>(
  call: BatchCall<TItem>,
  run: ActiveRun | null,
  wait: string | null,
): Promise<BatchHandle> {
  const { items, toEntry, options, requestOptions } = call;
  const batchKey = await keyOf(options);
  const written = await writeLines({ items, toEntry, isAwaited: wait !== null, batchKey });
  const runCount = written.lines.length;
  let batchId: string | undefined;
  let phase: BatchPhase = "create";
  try {
    const sending = run === null ? null : sendUnsentMetadata();
    if (sending !== null) await sending;
    const batch = await (run === null || requestOptions?.clientConfig !== undefined
      ? createOverHttp(written, batchKey, run, requestOptions)
      : createInRun(run, runCount, batchKey, wait));
    batchId = batch.batchId;
    phase = "stream";
    const isSequential = options?.triggerSequentially === true;
    if (!batch.isCached) await sendItems({ batchId, lines: written.lines, isSequential, options: requestOptions });
    return batch;
  } catch (error) {
    throw new BatchTriggerError({ phase, batchId, itemCount: runCount, cause: error });
  }
}

const batchOptionNames: OptionNames<BatchOptions> = {
  idempotencyKey: true,
  idempotencyKeyTTL: true,
  triggerSequentially: true,
};

async function keyOf(options: BatchOptions | undefined): Promise<BatchKey | null> {
  checkOptionNames("A batch", options, batchOptionNames);
  checkKeyLife(options?.idempotencyKeyTTL, "the batch");
  if (options?.idempotencyKey === undefined) return null;
  const key = await toWireKey(options.idempotencyKey, { scope: "global", run: null });
  return { ...key, idempotencyKeyTTL: options.idempotencyKeyTTL };
}

async function createInRun(
  run: ActiveRun,
  runCount: number,
  batchKey: BatchKey | null,
  wait: string | null,
): Promise<BatchHandle> {
  const { idempotencyKey, idempotencyKeyTTL } = batchKey ?? {};
  const answer = await callAsRun<BatchCallAnswer>(run, {
    kind: "batch",
    runCount,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(idempotencyKeyTTL === undefined ? {} : { idempotencyKeyTTL }),
    ...(wait === null ? {} : { wait }),
  });
  const { batchId, isCached, publicAccessToken } = answer;
  const token = publicAccessToken === undefined ? {} : { publicAccessToken };
  return { batchId, runCount: answer.runCount, isCached, ...token };
}

async function createOverHttp(
  { lines, taskIds }: BatchLines,
  batchKey: BatchKey | null,
  parent: ActiveRun | null,
  options: RequestOptions | undefined,
): Promise<BatchHandle> {
  const body = JSON.stringify({
    runCount: lines.length,
    taskIdentifiers: [...taskIds],
    ...batchKey,
    ...(parent === null ? {} : parentOf(parent)),
  });
  const answer = await callApi({ method: "POST", path: "/api/v3/batches", body, options });
  const batch = answer.body as Partial<CreateBatchAnswer> | null; // checked in the next line
  if (typeof batch?.id !== "string") throw unexpectedAnswer(answer, "the id of a batch");
  const { id: batchId, runCount = lines.length, isCached = false } = batch;
  return { batchId, runCount, isCached, ...accessTokenOf(answer) };
}

/** The items of a batch that was made. */
interface ItemsToSend {
  readonly batchId: string;
  readonly lines: readonly string[];
  readonly isSequential: boolean;
  readonly options: RequestOptions | undefined;
}

async function sendItems(items: ItemsToSend): Promise<void> {
  const { batchId, lines } = items;
  let last: Partial<BatchItemsAnswer> = {};
  for (let stream = 1; stream <= maxStreams; stream++) {
    for (const body of streamParts(lines)) last = itemsAnswer(await sendPart(items, body));
    if (last.sealed === true) return;
  }
  throw new BatchNotSealedError(batchId, last.enqueuedCount ?? 0, last.expectedCount ?? lines.length);
}

function sendPart({ batchId, isSequential, options }: ItemsToSend, body: string): Promise<ApiAnswer> {
  return callApi({
    method: "POST",
    path: `/api/v3/batches/${encodeURIComponent(batchId)}/items${isSequential ? "?sequential=true" : ""}`,
    contentType: "application/x-ndjson",
    body,
    options: { ...options, retry: { factor: 2, randomize: true, ...options?.retry } },
  });
}

function itemsAnswer(answer: ApiAnswer): Partial<BatchItemsAnswer> {
  const body = answer.body as Partial<BatchItemsAnswer> | null; // checked in the next line
  if (typeof body?.sealed !== "boolean") throw unexpectedAnswer(answer, "whether the batch is sealed");
  return body;
}

function* streamParts(lines: readonly string[]): Generator<string> {
  let start = 0;
  let length = 0;
  for (const [index, line] of lines.entries()) {
    if (length > 0 && length + line.length > maxStreamLength) {
      yield `${lines.slice(start, index).join("\n")}\n`;
      start = index;
      length = 0;
    }
    length += line.length + 1;
  }
  yield `${lines.slice(start).join("\n")}\n`;
}
