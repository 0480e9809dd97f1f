import { z } from "zod";
import type { RunError } from "../errors.ts";
import {
  concurrencyKeySchema,
  delaySchema,
  durationSchema,
  machineSchema,
  maxAttemptsSchema,
  maxDurationSchema,
  maxIdempotencyKeyLength,
  metadataSchema,
  optional,
  packetTypeSchema,
  prioritySchema,
  tagsSchema,
  textSchema,
  ttlSchema,
} from "./trigger.ts";

/** The body of `POST /api/v1/runs/:runId/replay`: what the new run has in place of the old one's; nothing else is known. */
export const replayBodySchema = z.strictObject({
  payload: z.unknown().optional(),
  payloadType: optional(packetTypeSchema),
  metadata: optional(metadataSchema),
  tags: optional(tagsSchema),
  queue: optional(z.union([textSchema(1, 128), z.object({ name: textSchema(1, 128) }).transform(({ name }) => name)])),
  concurrencyKey: optional(concurrencyKeySchema),
  machine: optional(machineSchema),
  /** The label of a version, or `latest` for the one that is current when the run starts. */
  version: optional(textSchema(1, 64)),
  region: optional(textSchema(1, 128)),
  delay: optional(delaySchema),
  ttl: optional(ttlSchema),
  idempotencyKey: optional(textSchema(1, maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(durationSchema),
  maxAttempts: optional(maxAttemptsSchema),
  maxDuration: optional(maxDurationSchema),
  priority: optional(prioritySchema),
});

/** The body of a replay after parsing. */
export type ReplayBody = z.infer<typeof replayBodySchema>;

/** The body of `POST /api/v1/runs/:runId/reschedule`. */
export const rescheduleBodySchema = z.object({ delay: delaySchema });

/** The body of `POST /api/v1/idempotencyKeys/:key/reset`. */
export const resetKeyBodySchema = z.object({ taskIdentifier: textSchema(1, 128) });

/** The answer of cancel and reset, and of replay with the id of the new run. */
export interface IdAnswer {
  readonly id: string;
}

/** How a finished run ended, from `GET /api/v1/runs/:runId/result`. `output` is the text of a packet. */
export type RunExecutionResult =
  | {
      readonly ok: true;
      readonly id: string;
      readonly taskIdentifier: string;
      readonly output?: string;
      readonly outputType: string;
      readonly usage: { readonly durationMs: number };
    }
  | {
      readonly ok: false;
      readonly id: string;
      readonly taskIdentifier: string;
      readonly error: RunError;
      readonly usage?: { readonly durationMs: number };
    };
