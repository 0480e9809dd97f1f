import { z } from "zod";
import type { RunError } from "../errors.ts";
import {
  delaySchema,
  durationSchema,
  machinePresets,
  maxIdempotencyKeyLength,
  maxPriority,
  metadataSchema,
  optional,
  packetTypeSchema,
  tagsSchema,
  ttlSchema,
} from "./trigger.ts";

/** The body of `POST /api/v1/runs/:runId/replay`: what the new run has in place of the old one's; nothing else is known. */
export const replayBodySchema = z.strictObject({
  payload: z.unknown().optional(),
  payloadType: optional(packetTypeSchema),
  metadata: optional(metadataSchema),
  tags: optional(tagsSchema),
  queue: optional(
    z.union([z.string().min(1).max(128), z.object({ name: z.string().min(1).max(128) }).transform(({ name }) => name)]),
  ),
  concurrencyKey: optional(z.union([z.string().max(256), z.number().transform(String)])),
  machine: optional(z.enum(machinePresets)),
  /** The label of a version, or `latest` for the one that is current when the run starts. */
  version: optional(z.string().min(1).max(64)),
  region: optional(z.string().min(1).max(128)),
  delay: optional(delaySchema),
  ttl: optional(ttlSchema),
  idempotencyKey: optional(z.string().min(1).max(maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(durationSchema),
  maxAttempts: optional(z.int().min(1).max(250)),
  maxDuration: optional(z.number().positive()),
  priority: optional(z.number().min(0).max(maxPriority)),
});

/** The body of a replay after parsing. */
export type ReplayBody = z.infer<typeof replayBodySchema>;

/** The body of `POST /api/v1/runs/:runId/reschedule`. */
export const rescheduleBodySchema = z.object({ delay: delaySchema });

/** The body of `POST /api/v1/idempotencyKeys/:key/reset`. */
export const resetKeyBodySchema = z.object({ taskIdentifier: z.string().min(1).max(128) });

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
