import type { CatchUp, Overlap } from "@pawl/contract/schedule";
import { type OptionNames, unknownOption } from "../options/option-names.ts";
import type { TaskDefinition } from "../runtime.ts";
import { defineTask } from "../tasks/define-task.ts";
import type { Task, TaskOptions } from "../tasks/task-types.ts";
import { readScheduledPayload, type ScheduledTaskInput, type ScheduledTaskPayload } from "./scheduled-payload.ts";

/**
 * The time after its nominal one over which a schedule's fires are spread: whole minutes or hours of at most 24 h, or a
 * percentage of the time to the next fire. Each schedule has its own place in it, which stays the same.
 */
export type ScheduleWindow = `${number}m` | `${number}h` | `${number}%`;

/** How a schedule goes about what is not the plain case. */
export interface FirePolicy {
  /** Spreads fires over the time after the nominal one, such as `30m` or `25%`; default: none. */
  readonly window?: ScheduleWindow;
  /**
   * What becomes of fires that were missed while nothing could fire them, as when the server was down: `skip` forgets them, `last`
   * makes up for the latest, `all` for each, oldest first; default: `skip`. A fire that is late by at most a minute is not missed.
   */
  readonly catchUp?: CatchUp;
  /**
   * What becomes of a fire while a run of an earlier one has not finished: `allow` starts both, `skip` leaves the new one out,
   * `cancel` cancels the earlier runs; default: `allow`.
   */
  readonly overlap?: Overlap;
}

/** The schedule that the code of a task declares. */
export interface DeclaredCron extends FirePolicy {
  /** Five fields, or six with seconds first, such as `0 9 * * 1-5`; or a nickname, such as `@daily`. */
  readonly pattern: string;
  /** The IANA name of the zone that the pattern is in, such as `Europe/Berlin`; default: UTC. */
  readonly timezone?: string;
  /** Where the schedule exists; default: in every environment. */
  readonly environments?: readonly ("DEVELOPMENT" | "STAGING" | "PREVIEW" | "PRODUCTION")[];
}

/** What `schedules.task` takes. */
export interface ScheduledTaskOptions<TId extends string, TOutput, TInit = unknown>
  extends TaskOptions<TId, ScheduledTaskPayload, TOutput, TInit> {
  /** When the task is run, in UTC where it is a text; absent: only by schedules that calls of `schedules.create` make. */
  readonly cron?: string | DeclaredCron;
}

/** A task that schedules run. A trigger by hand passes what it wants to see of the payload, or nothing; `run` gets all of it. */
// biome-ignore lint/suspicious/noConfusingVoidType: what makes a parameter one that can be left out
export type ScheduledTask<TId extends string, TOutput> = Task<TId, ScheduledTaskInput | void, TOutput>;

/**
 * Defines a task that schedules run; see `schedules.task`.
 *
 * @param options - its id, its work, its schedule and its settings
 * @returns the task
 * @throws TypeError when `cron` is neither a text nor an object with a `pattern`; what `task` throws
 * @example
 * ```ts
 * export const morning = scheduledTask({ id: "report.morning", cron: "0 9 * * *", run: async ({ timestamp }) => timestamp });
 * ```
 */
export function scheduledTask<const TId extends string, TOutput = unknown, TInit = unknown>(
  options: ScheduledTaskOptions<TId, TOutput, TInit>,
): ScheduledTask<TId, TOutput> {
  const schedule = declaredSchedule(options.id, options.cron);
  const task = defineTask(options, { isScheduled: true, schedule, parsePayload: readScheduledPayload });
  return task as ScheduledTask<TId, TOutput>; // readScheduledPayload fills in what a trigger leaves out
}

const cronNames: OptionNames<Omit<DeclaredCron, "pattern">> = {
  timezone: true,
  environments: true,
  window: true,
  catchUp: true,
  overlap: true,
};

function declaredSchedule(taskId: string, cron: string | DeclaredCron | undefined): TaskDefinition["schedule"] {
  if (cron === undefined) return undefined;
  const { pattern, ...rest }: DeclaredCron = typeof cron === "string" ? { pattern: cron } : (cron ?? {});
  if (typeof pattern !== "string" || pattern.trim() === "") {
    throw new TypeError(
      `The cron of task ${taskId} has no pattern. Write it as "0 9 * * *", or as { pattern: "0 9 * * *", timezone: "Europe/Berlin" }.`,
    );
  }
  const problem = unknownOption(rest, cronNames);
  if (problem !== null) throw new TypeError(`The cron of task ${taskId} ${problem}`);
  return { cron: pattern, ...rest };
}
