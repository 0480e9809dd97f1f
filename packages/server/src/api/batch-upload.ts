import { type BatchLine, batchLineSchema } from "@pawl/contract/api/batch";
import type { Engine, TriggerRequest } from "../engine/engine.ts";
import { ApiError } from "./errors.ts";
import { toTriggerRequest } from "./trigger-request.ts";
import { firstIssue } from "./validation.ts";

/** So many runs are made in one transaction. */
const maxRunsAtOnce = 250;
/** Payloads of so many characters are not held any longer, however few runs they are. */
const maxLengthAtOnce = 4 * 1024 * 1024;

/** The batch that an upload is for. */
export interface UploadTarget {
  readonly environmentId: string;
  readonly batchId: string;
  readonly runCount: number;
  /** Indexes that the batch has already; an upload may repeat them. */
  readonly indexes: ReadonlySet<number>;
}

/** Takes the lines of one upload, and makes their runs in arrays while further lines arrive. */
export interface BatchUpload {
  /** @throws ApiError `unprocessable` for a line that is no item of the batch */
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
export function beginUpload(engine: Engine, target: UploadTarget): BatchUpload {
  const seen = new Set(target.indexes);
  let waiting: TriggerRequest[] = [];
  let waitingLength = 0;
  let lineCount = 0;
  let accepted = 0;
  let deduplicated = 0;
  let inFlight: Promise<void> = Promise.resolve();

  function send(): void {
    const requests = waiting;
    waiting = [];
    waitingLength = 0;
    const before = inFlight;
    inFlight = engine.triggerMany(requests).then(async (outcomes) => {
      for (const outcome of outcomes) {
        if (outcome.kind === "created") accepted++;
        else deduplicated++;
      }
      await before;
    });
    inFlight.catch(() => undefined); // `ready` or `finish` throws it; an upload that fails before has no use for it
  }

  return {
    add(line) {
      const item = readLine(line, lineCount, target.runCount);
      lineCount++;
      if (seen.has(item.index)) {
        deduplicated++;
        return;
      }
      seen.add(item.index);
      const request = toTriggerRequest(
        item.task,
        item,
        { environmentId: target.environmentId, requestKey: null, batchId: target.batchId, batchIndex: item.index },
        `items.${item.index}.`,
      );
      waiting.push(request);
      waitingLength += request.payload?.length ?? 0;
    },
    async ready() {
      if (waiting.length < maxRunsAtOnce && waitingLength < maxLengthAtOnce) return;
      const before = inFlight;
      send();
      await before;
    },
    async finish() {
      if (waiting.length > 0) send();
      await inFlight;
      return { accepted, deduplicated, enqueued: seen.size };
    },
  };
}

function readLine(line: string, lineNumber: number, runCount: number): BatchLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new ApiError(
      "unprocessable",
      `Line ${lineNumber + 1} of the batch is not valid JSON.`,
      `items.${lineNumber}`,
    );
  }
  const parsed = batchLineSchema.safeParse(value);
  if (!parsed.success) {
    const { path, message } = firstIssue(parsed.error.issues);
    const field = path === "" ? `items.${indexIn(value, lineNumber)}` : `items.${indexIn(value, lineNumber)}.${path}`;
    throw new ApiError("unprocessable", `${field}: ${message}.`, field);
  }
  if (parsed.data.index >= runCount) {
    const field = `items.${parsed.data.index}.index`;
    throw new ApiError(
      "unprocessable",
      `${field}: the batch was made for ${runCount} runs, with indexes from 0.`,
      field,
    );
  }
  return parsed.data;
}

function indexIn(value: unknown, lineNumber: number): number {
  if (typeof value !== "object" || value === null || !("index" in value)) return lineNumber;
  return typeof value.index === "number" ? value.index : lineNumber;
}
