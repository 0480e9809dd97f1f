import { z } from "zod";
import { publicStatuses } from "../run-state.ts";
import { maxPageSize } from "./list-query.ts";
import { optional, textSchema } from "./trigger.ts";

/** The most runs that a bulk action may name by their ids. */
export const maxBulkRunIds = 10_000;

/** One text, or several of which any may match. */
const textsSchema = z
  .union([textSchema(1, 256), z.array(textSchema(1, 256)).min(1, "must have an element")])
  .transform((texts) => (typeof texts === "string" ? [texts] : texts));

/** A time in a body: milliseconds since 1970, or an ISO date. */
const timeSchema = z.union([z.number(), z.string()]).transform((value, context) => {
  const at = new Date(typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value);
  if (!Number.isNaN(at.getTime())) return at;
  context.addIssue({ code: "custom", message: "is no time: give milliseconds since 1970 or an ISO date" });
  return z.NEVER;
});

/** Which runs a bulk action is about: what a run list filters by. Runs have to match every field. */
export const bulkFilterSchema = z.strictObject({
  status: optional(
    z
      .union([z.enum(publicStatuses), z.array(z.enum(publicStatuses)).min(1, "must have an element")])
      .transform((statuses) => (typeof statuses === "string" ? [statuses] : statuses)),
  ),
  taskIdentifier: optional(textsSchema),
  /** `task/<id>` for a task's own queue, otherwise the queue's name; or `{ type, name }`. */
  queue: optional(
    z.union([
      textsSchema,
      z
        .union([
          z.object({ type: z.enum(["task", "custom"]), name: textSchema(1, 128) }),
          z.array(z.object({ type: z.enum(["task", "custom"]), name: textSchema(1, 128) })).min(1),
        ])
        .transform((queues) =>
          (Array.isArray(queues) ? queues : [queues]).map(({ type, name }) =>
            type === "task" ? `task/${name}` : name,
          ),
        ),
    ]),
  ),
  version: optional(textsSchema),
  tag: optional(textsSchema),
  /** `batch_…` */
  batch: optional(z.string()),
  /** `sched_…` */
  schedule: optional(z.string()),
  /** `bulk_…` */
  bulkAction: optional(z.string()),
  isTest: optional(z.boolean()),
  from: optional(timeSchema),
  to: optional(timeSchema),
  /** Made at most so long ago, such as `7d`. */
  period: optional(textSchema(1, 32)),
});

/** A filter of a bulk action after parsing. */
export type BulkFilter = z.output<typeof bulkFilterSchema>;

/** The body of `POST /api/v1/bulk-actions`: what to do with which runs. Exactly one of `filter`, `runIds` and `all` says which. */
export const createBulkActionBodySchema = z.object({
  action: z.enum(["cancel", "replay"], "must be cancel or replay"),
  name: optional(textSchema(1, 255)),
  targetRegion: optional(textSchema(1, 128)),
  filter: optional(bulkFilterSchema),
  runIds: optional(
    z
      .array(z.string())
      .min(1, "must name a run")
      .max(maxBulkRunIds, `may name ${maxBulkRunIds.toLocaleString("en-US")} runs at most; use a filter`),
  ),
  /** Every run of the environment: what an empty filter would mean, said on purpose. */
  all: optional(z.literal(true)),
});

/** The query of `GET /api/v1/bulk-actions`. */
export const listBulkActionsQuerySchema = z.object({
  "page[size]": z.coerce.number().int().min(1).max(maxPageSize).default(25),
  "page[after]": z.string().optional(),
  "page[before]": z.string().optional(),
});

/** A bulk action as the API shows it. */
export interface BulkActionObject {
  /** `bulk_…` */
  readonly id: string;
  readonly name?: string;
  readonly type: "CANCEL" | "REPLAY";
  readonly status: "PENDING" | "COMPLETED" | "ABORTED";
  readonly counts: {
    /** How many runs it is about, as far as they have been counted. */
    readonly total: number;
    readonly success: number;
    readonly failure: number;
  };
  readonly createdAt: string;
  readonly completedAt?: string;
}
