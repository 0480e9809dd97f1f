import { z } from "zod";
import { publicStatuses } from "../run-state.ts";
import { type CursorPagination, maxPageSize } from "./list-query.ts";
import { machineSchema, optional, textSchema } from "./trigger.ts";

/** The most runs that a bulk action may name by their ids. */
export const maxBulkRunIds = 10_000;

/** One value, or several of which any may match. */
function oneOrMore<T extends z.ZodType>(schema: T) {
  return z
    .union([z.array(schema).min(1, "must have an element"), schema])
    .transform((value) => (Array.isArray(value) ? (value as z.output<T>[]) : [value as z.output<T>])); // no schema here is that of an array
}

const textsSchema = oneOrMore(textSchema(1, 256));

/** `task/<id>` for a task's own queue, otherwise the queue's name; or its type and name. */
const queueSchema = z
  .union(
    [
      textSchema(1, 256),
      z.object({ type: z.enum(["task", "custom"], "must be task or custom"), name: textSchema(1, 128) }),
    ],
    {
      error: 'must be the name of a queue, such as "task/my-task", or { type: "task" or "custom", name }',
    },
  )
  .transform((queue) => {
    if (typeof queue === "string") return queue;
    return queue.type === "task" ? `task/${queue.name}` : queue.name;
  });

/** A time in a body: milliseconds since 1970, or an ISO date. */
const timeSchema = z
  .union([z.number(), z.string()], { error: "is no time: give milliseconds since 1970 or an ISO date" })
  .transform((value, context) => {
    const at = new Date(typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value);
    if (!Number.isNaN(at.getTime())) return at;
    context.addIssue({ code: "custom", message: "is no time: give milliseconds since 1970 or an ISO date" });
    return z.NEVER;
  });

/** Which runs a bulk action is about: what a run list filters by. Runs have to match every field. */
export const bulkFilterSchema = z.strictObject({
  status: optional(oneOrMore(z.enum(publicStatuses, `must be one of ${publicStatuses.join(", ")}`))),
  taskIdentifier: optional(textsSchema),
  queue: optional(oneOrMore(queueSchema)),
  version: optional(textsSchema),
  tag: optional(textsSchema),
  machine: optional(oneOrMore(machineSchema)),
  region: optional(textsSchema),
  /** `batch_…` */
  batch: optional(z.string("must be the id of a batch")),
  /** `sched_…` */
  schedule: optional(z.string("must be the id of a schedule")),
  /** `bulk_…` */
  bulkAction: optional(z.string("must be the id of a bulk action")),
  isTest: optional(z.boolean("must be true or false")),
  from: optional(timeSchema),
  to: optional(timeSchema),
  /** Made at most so long ago, such as `7d`. */
  period: optional(textSchema(1, 32)),
});

/** A filter of a bulk action after parsing. */
export type BulkFilter = z.output<typeof bulkFilterSchema>;

/** The body of `POST /api/v1/bulk-actions`: what to do with which runs. Exactly one of `filter`, `runIds` and `all` says which. */
export const createBulkActionBodySchema = z
  .object({
    action: z.enum(["cancel", "replay"], "must be cancel or replay"),
    name: optional(textSchema(1, 255)),
    /** Where the new runs of a replay execute; default: where the runs that are replayed did. */
    targetRegion: optional(textSchema(1, 128)),
    filter: optional(bulkFilterSchema),
    runIds: optional(
      z
        .array(z.string("must be the id of a run"), "must be a list of ids of runs")
        .min(1, "must name a run")
        .max(maxBulkRunIds, `may name ${maxBulkRunIds.toLocaleString("en-US")} runs at most; use a filter`),
    ),
    /** Every run of the environment: what an empty filter would mean, said on purpose. */
    all: optional(z.literal(true, "must be true or absent")),
    /** Whether `onCancel` is called for runs that are cancelled before they have begun; default: no. */
    runHooks: optional(z.boolean("must be true or false")),
    /** Only says how many runs it would be about. */
    dryRun: optional(z.boolean("must be true or false")),
  })
  .superRefine((body, context) => {
    const refuse = (path: readonly string[], message: string) =>
      context.addIssue({ code: "custom", path: [...path], message });
    const given = (["filter", "runIds", "all"] as const).filter((name) => body[name] !== undefined);
    const [first, second] = given;
    if (first === undefined) refuse([], "say which runs: give filter, runIds, or all: true for every run");
    if (second !== undefined) refuse([second], `give ${first} or ${second}, not both`);
    if (body.filter !== undefined && Object.values(body.filter).every((value) => value === undefined)) {
      refuse(["filter"], "names no condition. Give one, or all: true in its place for every run of the environment");
    }
    if (body.action === "cancel" && body.targetRegion !== undefined) {
      refuse(["targetRegion"], "is for replays only. Leave it out");
    }
    if (body.action === "replay" && body.runHooks !== undefined) {
      refuse(["runHooks"], "is for cancellations only. Leave it out");
    }
  });

/** The body of `POST /api/v1/bulk-actions` after parsing. */
export type CreateBulkActionBody = z.output<typeof createBulkActionBodySchema>;

/** The answer of `POST /api/v1/bulk-actions` and of `POST /api/v1/bulk-actions/:id/abort`. */
export interface BulkActionAnswer {
  /** `bulk_…` */
  readonly id: string;
}

/** The answer of `POST /api/v1/bulk-actions` with `dryRun: true`: nothing was made. */
export interface BulkDryRunAnswer {
  /** How many runs it would be about now. */
  readonly count: number;
  /** Whether counting came to its end: otherwise there are at least so many. */
  readonly isExact: boolean;
}

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

/** The answer of `GET /api/v1/bulk-actions`, newest first. */
export interface BulkActionList {
  readonly data: readonly BulkActionObject[];
  readonly pagination: CursorPagination;
}
