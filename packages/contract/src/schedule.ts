import { z } from "zod";

/** The environment types that a declared schedule may be for. */
const environmentTypes = ["DEVELOPMENT", "STAGING", "PREVIEW", "PRODUCTION"] as const;

/**
 * What becomes of fires that were missed while nothing could fire them: `skip` forgets them, `last` makes up for the latest, `all` for
 * each.
 */
export const catchUpSchema = z.enum(["skip", "last", "all"], "must be skip, last or all");

/** One of {@link catchUpSchema}. */
export type CatchUp = z.infer<typeof catchUpSchema>;

/**
 * What becomes of a fire while a run of an earlier one has not finished: `allow` starts both, `skip` leaves the new one out, `cancel`
 * cancels the earlier runs.
 */
export const overlapSchema = z.enum(["allow", "skip", "cancel"], "must be allow, skip or cancel");

/** One of {@link overlapSchema}. */
export type Overlap = z.infer<typeof overlapSchema>;

const windowMessage =
  "must be whole minutes or hours of at most 24h, such as 30m, or a percentage of the interval, such as 25%";

/** The time after its nominal one over which a schedule's fires are spread: `30m`, `2h`, or a percentage of the interval. */
export const windowSchema = z.string(windowMessage).refine(isWindow, windowMessage);

function isWindow(text: string): boolean {
  const [, count, unit] = /^(\d{1,4})([mh%])$/.exec(text) ?? [];
  const most = { m: 1_440, h: 24, "%": 100 }[unit ?? ""];
  return count !== undefined && most !== undefined && Number(count) <= most;
}

/** The schedule that a task's code declares. What its expression and its zone mean is judged where fires are computed. */
export const declaredScheduleSchema = z.object({
  /** Five fields, or six with seconds first. */
  cron: z.string().max(256),
  /** IANA name. */
  timezone: orNull(z.string().max(128)),
  /** Absent: all. */
  environments: orNull(
    z
      .array(z.enum(environmentTypes, `must be some of ${environmentTypes.join(", ")}`))
      .min(1, "must name an environment; leave it out for all"),
  ),
  window: orNull(windowSchema),
  catchUp: orNull(catchUpSchema),
  overlap: orNull(overlapSchema),
});

/** A field that may be left out, or null. */
function orNull<T extends z.ZodType>(schema: T) {
  return schema
    .nullish()
    .transform((value) => value ?? undefined)
    .optional(); // of the parsed object, too
}

/** A declared schedule. */
export type DeclaredSchedule = z.infer<typeof declaredScheduleSchema>;
