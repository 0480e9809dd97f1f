import { z } from "zod";
import type { PublicRunError } from "../errors.ts";
import { type PublicStatus, publicStatuses, type StatusFlags } from "../run-state.ts";
import { type CursorPagination, commaListSchema, cursorListShape } from "./list-query.ts";
import type { ScheduleObject } from "./schedules.ts";
import { machineSchema } from "./trigger.ts";

/** The query of `GET /api/v1/runs`. Lists are joined by commas; any of a list may match. */
export const listRunsQuerySchema = z.object({
  "filter[status]": commaListSchema.pipe(z.array(z.enum(publicStatuses)).optional()),
  "filter[taskIdentifier]": commaListSchema,
  /** `task/<id>` for a task's own queue, otherwise the queue's name. */
  "filter[queue]": commaListSchema,
  "filter[version]": commaListSchema,
  "filter[tag]": commaListSchema,
  "filter[machine]": commaListSchema.pipe(z.array(machineSchema).optional()),
  "filter[region]": commaListSchema,
  /** `batch_…` */
  "filter[batch]": z.string().optional(),
  /** `sched_…` */
  "filter[schedule]": z.string().optional(),
  /** `bulk_…`: the runs that a bulk action has cancelled or made. */
  "filter[bulkAction]": z.string().optional(),
  "filter[isTest]": z.enum(["true", "false"]).optional(),
  ...cursorListShape,
});

/** The query of a run list after parsing. */
export type ListRunsQuery = z.infer<typeof listRunsQuerySchema>;

/** What made a run: a single trigger or a batch, and whether its parent waits for it. */
export type TriggerFunction = "trigger" | "triggerAndWait" | "batchTrigger" | "batchTriggerAndWait";

/** What every answer about a run tells. Fields that do not apply are absent, never null. */
export interface RunSummary extends StatusFlags {
  readonly id: string;
  readonly status: PublicStatus;
  readonly taskIdentifier: string;
  /** As its caller wrote it. */
  readonly idempotencyKey?: string;
  readonly isTest: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly delayedUntil?: string;
  /** The time to live that the run was given, such as `10m`. */
  readonly ttl?: string;
  readonly expiredAt?: string;
  readonly version?: string;
  readonly region?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  readonly costInCents: number;
  readonly baseCostInCents: number;
  /** How long the run's code executed, in milliseconds, all attempts together. */
  readonly durationMs: number;
}

/** A run in the family of another. */
export interface RelatedRun extends RunSummary {
  /** How many parents are above it. */
  readonly depth: number;
  readonly triggerFunction: TriggerFunction;
  readonly batchId?: string;
}

/** An attempt that failed. */
export interface AttemptFailure {
  /** From 1. */
  readonly number: number;
  readonly startedAt: string;
  readonly failedAt: string;
  readonly error: PublicRunError;
}

/** The answer of `GET /api/v3/runs/:runId`. */
export interface RunDetail extends RelatedRun {
  readonly relatedRuns: {
    readonly root?: RelatedRun;
    readonly parent?: RelatedRun;
    /** The first hundred. */
    readonly children: readonly RelatedRun[];
  };
  /** The schedule that made the run, as it is now; absent once it is removed. */
  readonly schedule?: {
    readonly id: string;
    readonly externalId?: string;
    readonly deduplicationKey?: string;
    readonly generator: ScheduleObject["generator"];
  };
  /** Plain JSON: dates as ISO strings. */
  readonly payload?: unknown;
  readonly output?: unknown;
  readonly error?: PublicRunError;
  readonly attemptCount: number;
  /** The attempts that failed, the first one first. */
  readonly attempts: readonly AttemptFailure[];
  /** The streams that it gives, in the order in which they were made. */
  readonly realtimeStreams: readonly string[];
  /** Why an unfinished run is not executing, in one sentence. */
  readonly reason?: string;
}

/** The answer of `GET /api/v1/runs`. */
export interface RunList {
  readonly data: readonly (RunSummary & { readonly env: { readonly id: string; readonly name: string } })[];
  readonly pagination: CursorPagination;
}

/** One line or span of a run's story, from `GET /api/v1/runs/:runId/events`. */
export interface RunEvent {
  readonly kind: "log" | "span";
  readonly at: string;
  readonly attempt: number;
  readonly level: "trace" | "debug" | "info" | "warn" | "error";
  readonly message: string;
  readonly durationMs?: number;
  readonly isError?: boolean;
  readonly attributes?: unknown;
}

/** The answer of `GET /api/v1/runs/:runId/events`, oldest first. */
export interface RunEvents {
  readonly events: readonly RunEvent[];
}
