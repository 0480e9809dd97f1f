import { z } from "zod";
import { type Debounce, debounceBesideDelay, readDebounce } from "../debounce.ts";
import { parseDuration } from "../duration.ts";
import { machinePresets } from "../machine.ts";
import { maxAttemptsCap } from "../retry.ts";

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

/** Marks an issue of a value that has the right form and can't be meant so: it is answered with 422. */
const isUnprocessable = { isUnprocessable: true };

/** How the text of a payload is to be read. */
export const packetTypeSchema = z.enum([
  "application/super+json",
  "application/json",
  "text/plain",
  "application/store",
]);

/**
 * A text of a limited length.
 *
 * @param min - the fewest characters
 * @param max - the most characters
 * @returns the schema, whose message says both
 * @example
 * ```ts
 * textSchema(1, 128).parse("mail"); // "mail"
 * ```
 */
export function textSchema(min: number, max: number) {
  const range = min === 0 ? `at most ${grouped(max)}` : `${grouped(min)} to ${grouped(max)}`;
  const message = `must be a text of ${range} characters`;
  return z.string(message).min(min, message).max(max, message);
}

/**
 * A number within limits.
 *
 * @param schema - `z.number` or `z.int`
 * @param limits - the least and the most
 * @param noun - what it is, such as `a whole number`
 * @returns the schema, whose message says the limits
 * @example
 * ```ts
 * numberSchema(z.int, { min: 1, max: 250 }, "a whole number").parse(3); // 3
 * ```
 */
function numberSchema(
  schema: (message: string) => z.ZodNumber,
  { min, max }: { readonly min: number; readonly max: number },
  noun: string,
) {
  const message = `must be ${noun} from ${grouped(min)} to ${grouped(max)}`;
  return schema(message).min(min, message).max(max, message);
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}

const tagsMessage = "must be at most 10 tags, each of 1 to 128 characters";

/** Tags of a run: at most ten, each of 1 to 128 characters; one tag may stand alone. */
export const tagsSchema = z
  .union([textSchema(1, 128), z.array(textSchema(1, 128), tagsMessage).max(10, tagsMessage)], tagsMessage)
  .transform((tags) => (typeof tags === "string" ? [tags] : tags));

/** The name of a machine preset. */
export const machineSchema = z.enum(machinePresets, `must be one of ${machinePresets.join(", ")}`);

/** The most characters of an idempotency key. */
export const maxIdempotencyKeyLength = 2_048;

/** The most bytes of a run's metadata, as JSON. */
export const maxMetadataBytes = 256 * 1024;

/** The longest head start that a priority may give, in seconds: 30 days. */
const maxPriority = 2_592_000;

/** Seconds of head start. */
export const prioritySchema = numberSchema(z.number, { min: 0, max: maxPriority }, "a number of seconds");

/** Attempts in all, the first included. */
export const maxAttemptsSchema = numberSchema(z.int, { min: 1, max: maxAttemptsCap }, "a whole number");

const maxDurationMessage = "must be a number of seconds above 0";

/** The longest that an attempt may execute, in seconds. */
export const maxDurationSchema = z.number(maxDurationMessage).positive(maxDurationMessage);

/** A text that gives runs a lane of their own; a number is taken as its digits. */
export const concurrencyKeySchema = z.union(
  [textSchema(0, 256), z.number().transform(String)],
  "must be a text of at most 256 characters",
);

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
export const ttlSchema = z.union(
  [
    numberSchema(z.number, { min: 0, max: maxDurationMs / 1_000 }, "a number of seconds"),
    durationSchema.transform((lengthMs) => lengthMs / 1_000),
  ],
  "must be a duration such as 10m, or a number of seconds from 0",
);

/** How triggers of one task with the same key join into one delayed run. */
const debounceSchema = z.unknown().transform((value, context): Debounce => {
  const debounce = readDebounce(value);
  if (!("problem" in debounce)) return debounce;
  const path = debounce.field === "" ? [] : [debounce.field];
  context.addIssue({ code: "custom", message: debounce.problem, path, params: isUnprocessable });
  return z.NEVER;
});

/** Metadata of a run: a JSON object. */
export const metadataSchema = z
  .record(z.string(), z.unknown())
  .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= maxMetadataBytes, {
    error: `is larger than ${maxMetadataBytes / 1024} KB`,
  });

/** The options of a trigger call; what this server does not know is accepted and ignored. */
export const triggerOptionsSchema = z
  .object({
    payloadType: optional(packetTypeSchema),
    payloadSize: optional(z.number()),
    maxAttempts: optional(maxAttemptsSchema),
    tags: optional(tagsSchema),
    test: optional(z.boolean()),
    delay: optional(delaySchema),
    debounce: optional(debounceSchema),
    ttl: optional(ttlSchema),
    queue: optional(z.object({ name: textSchema(1, 128) }, 'must be an object such as { "name": "mail" }')),
    concurrencyKey: optional(concurrencyKeySchema),
    priority: optional(prioritySchema),
    idempotencyKey: optional(textSchema(1, maxIdempotencyKeyLength)),
    idempotencyKeyTTL: optional(durationSchema),
    /** The key as its caller wrote it, to be shown again. */
    idempotencyKeyOptions: optional(
      z.object({
        key: z.union([z.string(), z.array(z.string()).transform((parts) => parts.join("-"))]),
        scope: optional(z.enum(["run", "attempt", "global"])),
      }),
    ),
    /** In seconds. */
    maxDuration: optional(maxDurationSchema),
    metadata: optional(metadataSchema),
    machine: optional(machineSchema),
    region: optional(textSchema(1, 128)),
    lockToVersion: optional(textSchema(1, 64)),
    /** `run_…`, when a task triggers. */
    parentRunId: optional(z.string()),
    /** The fence of the parent's claim, from Pawl's own run processes: a parent that lost its claim triggers nothing. */
    parentFence: optional(z.int()),
    /** Whether the parent waits for the run. */
    resumeParentOnCompletion: optional(z.boolean()),
    /** The key of the parent's wait for the run, from Pawl's own run processes. */
    parentWait: optional(textSchema(1, 128)),
  })
  .refine(({ delay, debounce }) => delay === undefined || debounce === undefined, {
    path: ["debounce"],
    error: debounceBesideDelay,
    params: isUnprocessable,
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
