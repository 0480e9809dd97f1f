import { z } from "zod";

/** `null` where a value is optional is taken as absent. */
const optional = <T extends z.ZodType>(schema: T) => schema.nullish().transform((value) => value ?? undefined);

const packetType = z.enum(["application/super+json", "application/json", "text/plain", "application/store"]);

/** Tags of a run: at most ten, each of 1 to 128 characters; one tag may stand alone. */
export const tagsSchema = z
  .union([z.string().min(1).max(128), z.array(z.string().min(1).max(128)).max(10)])
  .transform((tags) => (typeof tags === "string" ? [tags] : tags));

/** The options of a trigger call that this server acts on; others are accepted and ignored. */
export const triggerOptionsSchema = z.object({
  payloadType: optional(packetType),
  payloadSize: optional(z.number()),
  maxAttempts: optional(z.int().min(1).max(250)),
  tags: optional(tagsSchema),
  test: optional(z.boolean()),
});

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
