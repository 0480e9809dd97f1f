import { z } from "zod";
import { catchUpSchema, overlapSchema } from "../../schedule.ts";
import type { ScheduleList, ScheduleObject, TimezonesAnswer } from "../schedules.ts";
import { idSchema, numberedPaginationSchema, timeSchema } from "./fields.ts";

/** See {@link ScheduleObject}. */
export const scheduleSchema = z
  .object({
    id: idSchema("sched"),
    type: z.enum(["DECLARATIVE", "IMPERATIVE"]).describe("Declared in code, or made by a call."),
    task: z.string(),
    active: z.boolean(),
    deduplicationKey: z.string().nullable(),
    externalId: z.string().nullable(),
    generator: z.object({ type: z.literal("CRON"), expression: z.string(), description: z.string() }),
    timezone: z.string(),
    window: z.string().exactOptional(),
    catchUp: catchUpSchema,
    overlap: overlapSchema,
    nextRun: timeSchema.nullable(),
    nextRunEffectiveAt: timeSchema.exactOptional().describe("The next time, shifted by the window."),
    environments: z.array(z.object({ id: idSchema("env"), type: z.string(), userName: z.string().nullable() })),
  })
  .meta({ id: "Schedule" }) satisfies z.ZodType<ScheduleObject>;

/** See {@link ScheduleList}. */
export const scheduleListSchema = z.object({
  data: z.array(scheduleSchema),
  pagination: numberedPaginationSchema,
}) satisfies z.ZodType<ScheduleList>;

/** The answer to the removal of a schedule: its id. */
export const removedScheduleSchema = z.object({ id: idSchema("sched") });

/** See {@link TimezonesAnswer}. */
export const timezonesAnswerSchema = z.object({ timezones: z.array(z.string()) }) satisfies z.ZodType<TimezonesAnswer>;
