import { type BatchLine, batchLineSchema, batchPlaceSchema } from "@pawl/contract/api/batch";
import type { BlobStore } from "../engine/blob-ports.ts";
import type { Engine, FailedBatchItem, TriggerRequest } from "../engine/engine.ts";
import type { Environment, NewRunParent, TriggerOutcome } from "../engine/ports.ts";
import type { OpenBatch } from "../engine/read-ports.ts";
import { ApiError } from "./errors.ts";
import { withFetchedPayload } from "./fetched-payload.ts";
import { readJson } from "./json-text.ts";
import { refusalError } from "./refusal.ts";
import { toTriggerRequest } from "./trigger-request.ts";
import { firstIssue } from "./validation.ts";

/** So many runs are made in one transaction. */
const maxRunsAtOnce = 250;
/** Payloads of so many characters are not held any longer, however few runs they are. */
const maxLengthAtOnce = 4 * 1024 * 1024;

/** The batch that an upload is for. An upload may repeat the indexes that it has. */
export interface UploadTarget extends OpenBatch {
  readonly environment: Environment;
  readonly batchId: string;
  /** Whether each array is made after the one before is, so that no run is queued before that of an earlier line. */
  readonly isSequential: boolean;
  /** Has payloads that were sent ahead. */
  readonly blobs: Pick<BlobStore, "get">;
  /** Throws for a task that the caller may not trigger. */
  allow(taskId: string): void;
}

/** Takes the lines of one upload, and makes their runs in arrays while further lines arrive. */
export interface BatchUpload {
  /**
   * A line that says its place but can't be triggered becomes the error of that place.
   *
   * @throws ApiError `unprocessable` for a line that is no item of the batch, `forbidden` for a task of others
   */
  add(line: string): void;
  /** Waits while two arrays are on their way, so that an upload is no faster than the database. */
  ready(): Promise<void>;
  /** Makes what is left. */
  finish(): Promise<UploadResult>;
}

/** What an upload came to. */
export interface UploadResult {
  readonly accepted: number;
  readonly deduplicated: number;
  /** How many different items the batch has now. */
  readonly enqueued: number;
}

/**
 * Begins an upload.
 *
 * @param engine - makes the runs
 * @param target - the batch
 * @returns the upload
 */
export function beginUpload(engine: Pick<Engine, "triggerMany" | "failBatchItems">, target: UploadTarget): BatchUpload {
  const { environment, batchId, isSequential } = target;
  const seen = new Set(target.indexes);
  let waiting: TriggerRequest[] = [];
  let failed: FailedBatchItem[] = [];
  let waitingLength = 0;
  let lineCount = 0;
  let accepted = 0;
  let deduplicated = 0;
  let inFlight: Promise<void> = Promise.resolve();

  async function make(requests: readonly TriggerRequest[], failures: readonly FailedBatchItem[]): Promise<void> {
    const refused = [...failures];
    const complete = await fetchPayloads(requests, target, refused);
    for (const [position, outcome] of (await engine.triggerMany(complete)).entries()) {
      const failure = failureOf(outcome, complete[position]);
      if (failure !== null) refused.push(failure);
      else if (outcome.kind === "found" && !outcome.isCached) deduplicated++;
      else accepted++;
    }
    if (refused.length === 0) return;
    await engine.failBatchItems(environment.id, batchId, refused.map(storable));
    accepted += refused.length;
  }

  function send(): void {
    const [requests, failures, before] = [waiting, failed, inFlight];
    waiting = [];
    failed = [];
    waitingLength = 0;
    inFlight = isSequential ? before.then(() => make(requests, failures)) : make(requests, failures).then(() => before);
    inFlight.catch(() => undefined); // `ready` or `finish` throws it; an upload that fails before has no use for it
  }

  return {
    add(text) {
      const line = readLine(text, lineCount, target.runCount);
      target.allow(line.error === undefined ? line.item.task : line.taskId);
      lineCount++;
      if (seen.has(line.index)) {
        deduplicated++;
        return;
      }
      seen.add(line.index);
      const request = line.error === undefined ? requestOf(line.item, target) : line;
      if ("error" in request) failed.push(request);
      else {
        waiting.push(request);
        waitingLength += request.payload?.length ?? 0;
      }
    },
    async ready() {
      if (waiting.length + failed.length < maxRunsAtOnce && waitingLength < maxLengthAtOnce) return;
      const before = inFlight;
      send();
      await before;
    },
    async finish() {
      if (waiting.length + failed.length > 0) send();
      await inFlight;
      return { accepted, deduplicated, enqueued: seen.size };
    },
  };
}

function requestOf(item: BatchLine, target: UploadTarget): TriggerRequest | FailedBatchItem {
  const { environment, batchId, isAwaited } = target;
  const place = { environment, requestKey: null, batchId, batchIndex: item.index, parent: parentOf(target), isAwaited };
  try {
    return toTriggerRequest(item.task, item, place, `items.${item.index}.`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { index: item.index, taskId: item.task, error: error.message, errorCode: error.code };
  }
}

/** An item whose payload was not sent ahead becomes the error of its place. */
async function fetchPayloads(
  requests: readonly TriggerRequest[],
  { environment, blobs }: UploadTarget,
  refused: FailedBatchItem[],
): Promise<readonly TriggerRequest[]> {
  if (requests.every(({ payloadType }) => payloadType !== "application/store")) return requests;
  const complete: TriggerRequest[] = [];
  for (const request of requests) {
    const index = request.batchIndex ?? 0;
    try {
      complete.push(await withFetchedPayload(blobs, environment.id, request, `items.${index}.payload`));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.push({ index, taskId: request.taskId, error: error.message, errorCode: error.code });
    }
  }
  return complete;
}

function parentOf({ parentRunId }: UploadTarget): NewRunParent | null {
  return parentRunId === null ? null : { runId: parentRunId, claim: null, wait: null };
}

/** What is wrong may be said with the caller's words, in which anything may stand; Postgres holds no NUL. */
function storable(item: FailedBatchItem): FailedBatchItem {
  return item.error.includes("\0") ? { ...item, error: item.error.replaceAll("\0", "\uFFFD") } : item;
}

function failureOf(outcome: TriggerOutcome, request: TriggerRequest | undefined): FailedBatchItem | null {
  if (outcome.kind !== "refused") return null;
  const index = request?.batchIndex ?? 0;
  const { message, code } = refusalError(outcome.reason, `items.${index}.options.`);
  return { index, taskId: request?.taskId ?? "", error: message, errorCode: code };
}

type Line = { readonly index: number; readonly item: BatchLine; readonly error?: undefined } | FailedBatchItem;

function readLine(text: string, lineNumber: number, runCount: number): Line {
  const read = readJson(text);
  if (read.kind === "refused") {
    const message = `Line ${lineNumber + 1} of the batch ${read.detail}.`;
    throw new ApiError("unprocessable", message, `items.${lineNumber}`);
  }
  const { value } = read;
  const parsed = batchLineSchema.safeParse(value);
  const place = parsed.success ? parsed : batchPlaceSchema.safeParse(value);
  if (!place.success) {
    const { path, message } = firstIssue(place.error.issues);
    const field = path === "" ? `items.${indexIn(value, lineNumber)}` : `items.${indexIn(value, lineNumber)}.${path}`;
    throw new ApiError("unprocessable", `${field}: ${message}.`, field);
  }
  const { index, task } = place.data;
  if (index >= runCount) {
    const field = `items.${index}.index`;
    throw new ApiError(
      "unprocessable",
      `${field}: the batch was made for ${runCount} runs, with indexes from 0.`,
      field,
    );
  }
  if (parsed.success) return { index, item: parsed.data };
  const { path, message } = firstIssue(parsed.error.issues);
  return { index, taskId: task, error: `items.${index}.${path}: ${message}.`, errorCode: "invalid_request" };
}

function indexIn(value: unknown, lineNumber: number): number {
  if (typeof value !== "object" || value === null || !("index" in value)) return lineNumber;
  return typeof value.index === "number" ? value.index : lineNumber;
}
