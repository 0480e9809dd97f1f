import { z } from "zod";
import { type CatchUp, catchUpSchema, type Overlap, overlapSchema, windowSchema } from "../schedule.ts";
import { maxPageSize } from "./list-query.ts";
import { optional, textSchema } from "./trigger.ts";

const ruleShape = {
  task: textSchema(1, 128),
  cron: textSchema(1, 256),
  /** IANA name; default: UTC. */
  timezone: optional(textSchema(1, 128)),
  externalId: optional(textSchema(1, 256)),
  window: optional(windowSchema),
  catchUp: optional(catchUpSchema),
  overlap: optional(overlapSchema),
} as const;

/** The body of `POST /api/v1/schedules`. A schedule with the same key in the environment becomes what this says. */
export const createScheduleBodySchema = z.object({ ...ruleShape, deduplicationKey: textSchema(1, 256) });

/** The body of `PUT /api/v1/schedules/:scheduleId`. */
export const updateScheduleBodySchema = z.object(ruleShape);

/** The query of `GET /api/v1/schedules`. */
export const listSchedulesQuerySchema = z.object({
  page: z.coerce.number().int().min(1).max(1_000_000).default(1),
  perPage: z.coerce.number().int().min(1).max(maxPageSize).default(20),
});

/** The query of `GET /api/v1/timezones`. */
export const timezonesQuerySchema = z.object({ excludeUtc: z.enum(["true", "false"]).default("false") });

/** The answer of `GET /api/v1/timezones`. */
export interface TimezonesAnswer {
  readonly timezones: readonly string[];
}

/** A schedule as the API shows it. */
export interface ScheduleObject {
  /** `sched_…` */
  readonly id: string;
  /** Declared in code, or made by a call. */
  readonly type: "DECLARATIVE" | "IMPERATIVE";
  readonly task: string;
  readonly active: boolean;
  readonly deduplicationKey: string | null;
  readonly externalId: string | null;
  readonly generator: {
    readonly type: "CRON";
    readonly expression: string;
    /** In words. */
    readonly description: string;
  };
  readonly timezone: string;
  readonly window?: string;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
  /** Nominal; null: there is none any more, or it is not active. */
  readonly nextRun: string | null;
  /** When that is fired: the nominal time, shifted by the window. */
  readonly nextRunEffectiveAt?: string;
  readonly environments: readonly { readonly id: string; readonly type: string; readonly userName: string | null }[];
}

/** The answer of `GET /api/v1/schedules`. */
export interface ScheduleList {
  readonly data: readonly ScheduleObject[];
  readonly pagination: { readonly currentPage: number; readonly totalPages: number; readonly count: number };
}
