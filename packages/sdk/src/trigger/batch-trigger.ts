import type { BatchItemsAnswer, CreateBatchAnswer } from "@pawl/contract/api/batch";
import { type ApiAnswer, callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { BatchNotSealedError, type BatchPhase, BatchTriggerError } from "../errors/batch-error.ts";
import type { BatchHandle, BatchItem } from "../tasks/task-types.ts";
import { callerRun } from "./caller-run.ts";
import { accessTokenOf, unexpectedAnswer, wireRun } from "./trigger.ts";

// A batch has two phases: it is announced with the number of its runs, then its items follow as lines of JSON. The server
// seals it when every index has arrived, and tells repeated ones apart by their index.

const maxStreams = 5;

/** One request carries lines of about this length in all; the server takes any number of requests. */
const maxStreamLength = 16 * 1024 * 1024;

/** One batch call. */
export interface BatchCall {
  readonly taskId: string;
  readonly items: readonly BatchItem<unknown>[];
  readonly requestOptions: RequestOptions | undefined;
}

/**
 * Starts one run for each item.
 *
 * @param call - task, items and options
 * @returns the batch, once all its runs are stored
 * @throws BatchTriggerError with the phase that failed and its cause; PayloadError before anything is sent
 * @example
 * ```ts
 * await batchTrigger({ taskId: "hello", items: [{ payload: 1 }, { payload: 2 }], requestOptions: undefined });
 * ```
 */
export async function batchTrigger(call: BatchCall): Promise<BatchHandle> {
  const { taskId, items, requestOptions } = call;
  if (items.length === 0) throw new RangeError(`The batch for task ${taskId} has no items.`);
  const parentRunId = callerRun(`Triggering a batch of task ${taskId}`)?.runId;
  const lines = items.map((item, index) =>
    JSON.stringify({ index, task: taskId, ...wireRun(taskId, item.payload, item.options) }),
  );
  const runCount = lines.length;
  let batchId: string | undefined;
  let phase: BatchPhase = "create";
  try {
    const body = JSON.stringify({ runCount, taskIdentifiers: [taskId], parentRunId });
    const answer = await callApi({ method: "POST", path: "/api/v3/batches", body, options: requestOptions });
    const batch = answer.body as Partial<CreateBatchAnswer> | null; // checked in the next line
    if (typeof batch?.id !== "string") throw unexpectedAnswer(answer, "the id of a batch");
    batchId = batch.id;
    phase = "stream";
    if (batch.isCached !== true) await sendItems(batchId, lines, requestOptions);
    return { batchId, runCount: batch.runCount ?? runCount, ...accessTokenOf(answer) };
  } catch (error) {
    throw new BatchTriggerError({ phase, batchId, itemCount: runCount, cause: error });
  }
}

async function sendItems(
  batchId: string,
  lines: readonly string[],
  options: RequestOptions | undefined,
): Promise<void> {
  let last: Partial<BatchItemsAnswer> = {};
  for (let stream = 1; stream <= maxStreams; stream++) {
    for (const body of streamParts(lines)) last = itemsAnswer(await sendPart(batchId, body, options));
    if (last.sealed === true) return;
  }
  throw new BatchNotSealedError(batchId, last.enqueuedCount ?? 0, last.expectedCount ?? lines.length);
}

function sendPart(batchId: string, body: string, options: RequestOptions | undefined): Promise<ApiAnswer> {
  return callApi({
    method: "POST",
    path: `/api/v3/batches/${encodeURIComponent(batchId)}/items`,
    contentType: "application/x-ndjson",
    body,
    options: { retry: { factor: 2, randomize: true, ...options?.retry } },
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
