import type { ScheduleObject, TimezonesAnswer } from "@pawl/contract/api/schedules";
import { type ApiPromise, apiPromise, type SendCall } from "../client/api-promise.ts";
import type { ApiAnswer, ApiCall } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { type NumberedPagination, numberedPages } from "../client/numbered-pages.ts";
import type { PagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { badRequest } from "../errors/bad-request.ts";
import { checkOptionNames, type OptionNames } from "../options/option-names.ts";
import { type FirePolicy, type ScheduledTask, type ScheduledTaskOptions, scheduledTask } from "./scheduled-task.ts";

/** A schedule as it stands. */
export interface RetrievedSchedule extends Omit<ScheduleObject, "nextRun" | "nextRunEffectiveAt"> {
  /** The time of the next fire; null: there is none any more, or the schedule is not active. */
  readonly nextRun: Date | null;
  /** When that is fired: its time, shifted by the window. */
  readonly nextRunEffectiveAt?: Date;
}

/** When a schedule runs what. */
export interface UpdateScheduleOptions extends FirePolicy {
  /** The id of a `schedules.task`. */
  readonly task: string;
  /** Five fields, or six with seconds first, such as `0 9 * * 1-5`; or a nickname, such as `@daily`. */
  readonly cron: string;
  /** The IANA name of the zone that `cron` is in, such as `Europe/Berlin`; default: UTC. */
  readonly timezone?: string;
  /** Yours, such as the id of a customer; it is in the payload of every run. */
  readonly externalId?: string;
}

/** What `schedules.create` takes. */
export interface CreateScheduleOptions extends UpdateScheduleOptions {
  /** Makes repeated calls one schedule: in an environment there is one for each key. */
  readonly deduplicationKey: string;
}

/** Which schedules to list. */
export interface ListSchedulesOptions {
  /** From 1, the default. */
  readonly page?: number;
  /** Schedules on a page, 1 to 100; default: 20. */
  readonly perPage?: number;
}

/** The calls of {@link schedules}. Those that name a schedule throw NotFoundError when there is no such schedule. */
export interface SchedulesApi {
  /**
   * Defines a task that is run at times: by the schedule that it declares as `cron`, and by those that `create` makes.
   *
   * @param options - its id, its work, its schedule, and the settings that every task has
   * @returns the task, which can be triggered like any other too; what a trigger leaves out of the payload is filled in
   * @throws TypeError when `cron` is neither a text nor an object with a `pattern`, and what `task` throws
   * @example
   * ```ts
   * export const morning = schedules.task({
   *   id: "report.morning",
   *   cron: { pattern: "0 9 * * 1-5", timezone: "Europe/Berlin" },
   *   run: async ({ timestamp, lastTimestamp }) => report(lastTimestamp, timestamp),
   * });
   * ```
   */
  task<const TId extends string, TOutput = unknown, TInit = unknown>(
    options: ScheduledTaskOptions<TId, TOutput, TInit>,
  ): ScheduledTask<TId, TOutput>;
  /**
   * Makes a schedule, or makes the one with the same `deduplicationKey` what the options say.
   *
   * @param options - when it runs what
   * @returns the schedule
   * @throws BadRequestError without a key; UnprocessableEntityError for an expression that can't be read or never fires, an
   * unknown zone, a window that is longer than the interval, and a task that is no `schedules.task` of the current version
   * @example
   * ```ts
   * const schedule = await schedules.create({
   *   task: "report.morning",
   *   cron: "0 9 * * *",
   *   timezone: customer.timezone,
   *   externalId: customer.id,
   *   deduplicationKey: `morning:${customer.id}`,
   * });
   * ```
   */
  create(options: CreateScheduleOptions, requestOptions?: RequestOptions): ApiPromise<RetrievedSchedule>;
  /**
   * Gets a schedule.
   *
   * @example
   * ```ts
   * const { nextRun } = await schedules.retrieve("sched_…");
   * ```
   */
  retrieve(id: string, requestOptions?: RequestOptions): ApiPromise<RetrievedSchedule>;
  /**
   * Changes a schedule that a call made. It becomes what the options say, and has the default of what they leave out.
   *
   * @throws UnprocessableEntityError as `create` does, and for a schedule that code declares
   * @example
   * ```ts
   * await schedules.update(schedule.id, { task: "report.morning", cron: "0 8 * * *", timezone: "Europe/Berlin" });
   * ```
   */
  update(id: string, options: UpdateScheduleOptions, requestOptions?: RequestOptions): ApiPromise<RetrievedSchedule>;
  /**
   * Lists the schedules of the environment.
   *
   * @param options - the page and its size
   * @returns that page; iterate over it with `for await` to get every schedule from there on
   * @example
   * ```ts
   * for await (const schedule of schedules.list()) console.log(schedule.task, schedule.nextRun);
   * ```
   */
  list(
    options?: ListSchedulesOptions,
    requestOptions?: RequestOptions,
  ): PagePromise<RetrievedSchedule, NumberedPagination>;
  /**
   * Lets a schedule fire again, from its next time on; what it would have fired meanwhile is not made up for.
   *
   * @example
   * ```ts
   * await schedules.activate(schedule.id);
   * ```
   */
  activate(id: string, requestOptions?: RequestOptions): ApiPromise<RetrievedSchedule>;
  /**
   * Keeps a schedule from firing until it is activated; one that code declares stays so over new versions.
   *
   * @example
   * ```ts
   * await schedules.deactivate(schedule.id);
   * ```
   */
  deactivate(id: string, requestOptions?: RequestOptions): ApiPromise<RetrievedSchedule>;
  /**
   * Removes a schedule that a call made. Its runs stay.
   *
   * @throws UnprocessableEntityError for a schedule that code declares
   * @example
   * ```ts
   * await schedules.del(schedule.id);
   * ```
   */
  del(id: string, requestOptions?: RequestOptions): ApiPromise<{ readonly id: string }>;
  /**
   * Gives the time zones that a schedule can have, by their IANA names.
   *
   * @param options - `excludeUtc`: leave UTC out
   * @example
   * ```ts
   * const { timezones } = await schedules.timezones();
   * ```
   */
  timezones(
    options?: { readonly excludeUtc?: boolean },
    requestOptions?: RequestOptions,
  ): ApiPromise<{ readonly timezones: readonly string[] }>;
}

const path = "/api/v1/schedules";

const updateNames: OptionNames<UpdateScheduleOptions> = {
  task: true,
  cron: true,
  timezone: true,
  externalId: true,
  window: true,
  catchUp: true,
  overlap: true,
};
const createNames: OptionNames<CreateScheduleOptions> = { ...updateNames, deduplicationKey: true };
// An update may be written with the key of its creation, which stays as it is.
const knownInUpdate = { ...updateNames, deduplicationKey: true } as const;

/** The server says what is wrong with an expression or a zone; this is what would not reach it as it was meant. */
function checkSchedule(callName: string, options: UpdateScheduleOptions, names: Readonly<Record<string, true>>): void {
  checkOptionNames(callName, options ?? {}, names);
  for (const name of ["task", "cron"] as const) {
    const value: unknown = options?.[name];
    if (typeof value === "string" && value.trim() !== "") continue;
    const example = name === "task" ? "the id of a schedules.task" : 'an expression such as "0 9 * * 1-5"';
    throw badRequest(name, `${callName} needs a ${name}: ${example}.`);
  }
  for (const name of ["timezone", "externalId", "window", "catchUp", "overlap"] as const) {
    const value: unknown = options[name];
    if (value === undefined || typeof value === "string") continue;
    throw badRequest(name, `The ${name} of ${callName} must be a text.`);
  }
}

/**
 * Defines tasks that run at times, and manages schedules.
 *
 * @example
 * ```ts
 * export const nightly = schedules.task({ id: "cleanup.nightly", cron: "0 3 * * *", run: async () => cleanUp() });
 * ```
 */
export const schedules: SchedulesApi = {
  task: scheduledTask,
  create: (options, requestOptions) =>
    apiPromise(async (send) => {
      checkSchedule("schedules.create", options, createNames);
      const { deduplicationKey } = options;
      if (typeof deduplicationKey !== "string" || deduplicationKey === "") {
        throw badRequest(
          "deduplicationKey",
          "A schedule needs a deduplicationKey, such as the id of your customer: calls with the same one make one schedule.",
        );
      }
      return callForSchedule(send, { method: "POST", path, body: JSON.stringify(options), options: requestOptions });
    }),
  retrieve: (id, options) =>
    apiPromise(async (send) => callForSchedule(send, { method: "GET", path: pathOf(id), options })),
  update: (id, options, requestOptions) =>
    apiPromise(async (send) => {
      checkSchedule("schedules.update", options, knownInUpdate);
      return callForSchedule(send, {
        method: "PUT",
        path: pathOf(id),
        body: JSON.stringify(options),
        options: requestOptions,
      });
    }),
  list: ({ page, perPage } = {}, requestOptions) =>
    // The server answers with what the contract says.
    numberedPages({
      path,
      noun: "schedules",
      page,
      perPage,
      readEntry: (schedule: unknown) => withDate(schedule as ScheduleObject),
      requestOptions,
    }),
  activate: (id, options) =>
    apiPromise(async (send) => callForSchedule(send, { method: "POST", path: `${pathOf(id)}/activate`, options })),
  deactivate: (id, options) =>
    apiPromise(async (send) => callForSchedule(send, { method: "POST", path: `${pathOf(id)}/deactivate`, options })),
  del: (id, options) =>
    apiPromise(async (send) => {
      const answer = await send({ method: "DELETE", path: pathOf(id), options });
      const removed = answer.body as { id?: unknown } | null; // checked in the next line
      if (typeof removed?.id !== "string") throw unexpectedAnswer(answer, "the id of a schedule");
      return { id: removed.id };
    }),
  timezones: ({ excludeUtc = false } = {}, options) =>
    apiPromise(async (send) => {
      const query = excludeUtc ? "?excludeUtc=true" : "";
      const answer = await send({ method: "GET", path: `/api/v1/timezones${query}`, options });
      const found = answer.body as Partial<TimezonesAnswer> | null; // checked in the next line
      if (!Array.isArray(found?.timezones)) throw unexpectedAnswer(answer, "a list of time zones");
      return { timezones: found.timezones };
    }),
};

/** An empty id would name the list. */
function pathOf(id: string): string {
  if (typeof id === "string" && id !== "") return `${path}/${encodeURIComponent(id)}`;
  throw badRequest("scheduleId", "The id of a schedule is missing. It looks like sched_….");
}

async function callForSchedule(send: SendCall, call: ApiCall): Promise<RetrievedSchedule> {
  return readSchedule(await send(call));
}

function readSchedule(answer: ApiAnswer): RetrievedSchedule {
  const schedule = answer.body as ScheduleObject | null; // checked in the next line
  if (typeof schedule?.id !== "string" || typeof schedule.task !== "string") {
    throw unexpectedAnswer(answer, "a schedule");
  }
  return withDate(schedule);
}

function withDate({ nextRun, nextRunEffectiveAt, ...rest }: ScheduleObject): RetrievedSchedule {
  return {
    ...rest,
    nextRun: typeof nextRun === "string" ? new Date(nextRun) : null,
    ...(nextRunEffectiveAt === undefined ? {} : { nextRunEffectiveAt: new Date(nextRunEffectiveAt) }),
  };
}
