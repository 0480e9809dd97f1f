import { z } from "zod";
import { delaySchema, durationSchema, maxIdempotencyKeyLength, optional, tagsSchema, textSchema } from "./trigger.ts";

/** The id of a stream within its run. */
export const streamKeySchema = textSchema(1, 128);

const largestInt = 2_000_000_000;

function wholeNumber(min: number) {
  const message = `must be a whole number of ${min} to ${largestInt}`;
  return z.coerce.number(message).int(message).min(min, message).max(largestInt, message);
}

/** What a reader of a stream says in headers. Header names are in lower case. */
export const streamReadHeadersSchema = z.object({
  /** The place of the last chunk that is known: its number, or a time, a hyphen and its number. */
  "last-event-id": optional(
    z
      .string()
      .regex(/^(\d+-)?-?\d{1,10}$/, "must be the id of an event of the stream")
      .transform((text) => Math.min(Number(/-?\d+$/.exec(text.replace(/^\d+-/, ""))?.[0]), largestInt)),
  ),
  "timeout-seconds": optional(
    z.coerce
      .number("must be a number of seconds, 1 to 600")
      .min(1, "must be a number of seconds, 1 to 600")
      .max(600, "must be a number of seconds, 1 to 600"),
  ),
  "x-trigger-stream-start": optional(z.enum(["beginning", "latest"], 'must be "beginning" or "latest"')),
  "x-stream-version": optional(z.enum(["v1", "v2"], 'must be "v1" or "v2"')),
});

/** What a writer that can go on after a broken connection says in headers. */
export const streamWriteHeadersSchema = z.object({
  "x-client-id": optional(textSchema(1, 128)),
  "x-resume-from-chunk": optional(wholeNumber(0)),
});

/** The answer of `PUT /realtime/v1/streams/:runId/self/:streamId`. */
export interface CreateStreamAnswer {
  /** How chunks are to be written: to this server. */
  readonly version: "v1";
}

/** The answer to chunks that were written. */
export interface WriteStreamAnswer {
  readonly ok: true;
  /** The place of the last of them; absent when there was nothing new. */
  readonly lastEventId?: string;
}

/** The body of `POST /realtime/v1/streams/:runId/input/:streamId`. */
export const sendInputBodySchema = z.object({
  data: z.unknown().refine((value) => value !== undefined, "must be there: any JSON value"),
});

/** The answer to a record that was sent. */
export interface SendInputAnswer {
  readonly ok: true;
}

/** The body of `POST /api/v1/runs/:runId/input-streams/wait`. */
export const inputWaitBodySchema = z.object({
  streamId: streamKeySchema,
  timeout: optional(delaySchema),
  tags: optional(tagsSchema),
  idempotencyKey: optional(z.string().min(1).max(maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(durationSchema),
  /** The number of the last record that the run has; the wait is for the one after it. */
  lastSeqNum: optional(wholeNumber(-1)),
});

/** The answer of `POST /api/v1/runs/:runId/input-streams/wait`. */
export interface InputWaitAnswer {
  /** A token, which the record completes: `waitpoint_…` */
  readonly waitpointId: string;
  /** Whether an earlier call with the same idempotency key made it. */
  readonly isCached: boolean;
}
