import { z } from "zod";
import { parseDuration } from "../duration.ts";

/**
 * Makes a field optional; `null` is taken as absent.
 *
 * @param schema - what the field is when it is there
 * @returns the schema of the field
 * @example
 * ```ts
 * z.object({ tags: optional(tagsSchema) }).parse({ tags: null }).tags; // undefined
 * ```
 */
export function optional<T extends z.ZodType>(schema: T) {
  return schema.nullish().transform((value) => value ?? undefined);
}

/** How the text of a payload is to be read. */
export const packetTypeSchema = z.enum([
  "application/super+json",
  "application/json",
  "text/plain",
  "application/store",
]);

/** Tags of a run: at most ten, each of 1 to 128 characters; one tag may stand alone. */
export const tagsSchema = z
  .union([z.string().min(1).max(128), z.array(z.string().min(1).max(128)).max(10)])
  .transform((tags) => (typeof tags === "string" ? [tags] : tags));

/** The sizes of machine that a run may ask for. */
export const machinePresets = [
  "micro",
  "small-1x",
  "small-2x",
  "medium-1x",
  "medium-2x",
  "large-1x",
  "large-2x",
] as const;

/** The most characters of an idempotency key. */
export const maxIdempotencyKeyLength = 2_048;

/** The most bytes of a run's metadata, as JSON. */
export const maxMetadataBytes = 256 * 1024;

/** The longest head start that a priority may give, in seconds: 30 days. */
export const maxPriority = 2_592_000;

/** How long an idempotency key is kept when its caller does not say, in milliseconds: 30 days. */
export const defaultIdempotencyTtlMs = 2_592_000_000;

/** The longest that anything may be put off, in milliseconds: a hundred years. */
const maxDurationMs = 3_155_760_000_000;

/** A length of time as text, such as `1h30m`; parsed to milliseconds. */
export const durationSchema = z.string().transform((text, context) => {
  const lengthMs = parseDuration(text);
  if (lengthMs !== null && lengthMs <= maxDurationMs) return lengthMs;
  const message =
    lengthMs === null ? "is no duration: write it as 30s, 10m, 2h, 1d or 1h30m" : "is over a hundred years";
  context.addIssue({ code: "custom", message });
  return z.NEVER;
});

/** A point in time as a duration from now, an ISO date, or a `Date`'s JSON; parsed to `{ afterMs }` or `{ at }`. */
export const delaySchema = z.string().transform((text, context): Delay => {
  const afterMs = parseDuration(text);
  if (afterMs !== null && afterMs <= maxDurationMs) return { afterMs };
  const at = new Date(text);
  if (!Number.isNaN(at.getTime()) && /^\d{4}-/.test(text)) return { at };
  context.addIssue({ code: "custom", message: "is no time: write a duration such as 1h30m or an ISO date" });
  return z.NEVER;
});

/** A time to come: so long from now, or a date. */
export type Delay = { readonly afterMs: number } | { readonly at: Date };

/** A time to live, as a duration or in seconds; parsed to seconds, 0 for none. */
export const ttlSchema = z.union([
  z
    .number()
    .min(0)
    .max(maxDurationMs / 1_000),
  durationSchema.transform((lengthMs) => lengthMs / 1_000),
]);

/** Metadata of a run: a JSON object. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= maxMetadataBytes, {
    error: `is larger than ${maxMetadataBytes / 1024} KB`,
  });

/** The options of a trigger call; what this server does not know is accepted and ignored. */
export const triggerOptionsSchema = z.object({
  payloadType: optional(packetTypeSchema),
  payloadSize: optional(z.number()),
  maxAttempts: optional(z.int().min(1).max(250)),
  tags: optional(tagsSchema),
  test: optional(z.boolean()),
  delay: optional(delaySchema),
  ttl: optional(ttlSchema),
  queue: optional(z.object({ name: z.string().min(1).max(128) })),
  concurrencyKey: optional(z.union([z.string().max(256), z.number().transform(String)])),
  priority: optional(z.number().min(0).max(maxPriority)),
  idempotencyKey: optional(z.string().min(1).max(maxIdempotencyKeyLength)),
  idempotencyKeyTTL: optional(durationSchema),
  /** The key as its caller wrote it, to be shown again. */
  idempotencyKeyOptions: optional(
    z.object({
      key: z.union([z.string(), z.array(z.string()).transform((parts) => parts.join("-"))]),
      scope: optional(z.enum(["run", "attempt", "global"])),
    }),
  ),
  /** In seconds. */
  maxDuration: optional(z.number().positive()),
  metadata: optional(metadataSchema),
  machine: optional(z.enum(machinePresets)),
  region: optional(z.string().min(1).max(128)),
  lockToVersion: optional(z.string().min(1).max(64)),
  /** `run_…`, when a task triggers. */
  parentRunId: optional(z.string()),
  /** The fence of the parent's claim, from Pawl's own run processes: a parent that lost its claim triggers nothing. */
  parentFence: optional(z.int()),
  /** Whether the parent waits for the run. */
  resumeParentOnCompletion: optional(z.boolean()),
  /** The key of the parent's wait for the run, from Pawl's own run processes. */
  parentWait: optional(z.string().min(1).max(128)),
});

/** The options of a trigger call after parsing. */
export type WireTriggerOptions = z.infer<typeof triggerOptionsSchema>;

/** The body of `POST /api/v1/tasks/:taskId/trigger`. A payload is a packet's text, or any JSON without a payload type; absent for `undefined`. */
export const triggerBodySchema = z.object({ payload: z.unknown().optional(), options: optional(triggerOptionsSchema) });

/** The body of a trigger call after parsing. */
export type TriggerBody = z.infer<typeof triggerBodySchema>;

/** The answer to a trigger call. */
export interface TriggerAnswer {
  /** The run's id, `run_…`. */
  readonly id: string;
  /** Whether an earlier call made the run. The retries of one call, which share a request key, count as that call. */
  readonly isCached: boolean;
}
