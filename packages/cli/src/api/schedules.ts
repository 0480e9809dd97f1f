import type {
  createScheduleBodySchema,
  ScheduleList,
  ScheduleObject,
  updateScheduleBodySchema,
} from "@pawl/contract/api/schedules";
import type { z } from "zod";
import { closest } from "../closest.ts";
import { CommandError } from "../command-error.ts";
import { send } from "./client.ts";
import type { Credentials } from "./credentials.ts";

/** A schedule to make. */
export type NewSchedule = z.input<typeof createScheduleBodySchema>;

/** What a schedule becomes. */
export type ScheduleRule = z.input<typeof updateScheduleBodySchema>;

/** The calls about schedules. Each throws a CommandError in one sentence when the server does not do it. */
export interface ScheduleClient {
  /** A page of 100, from 1. */
  list(page: number): Promise<ScheduleList>;
  /** @param name - its id, its key, or the task that declares it */
  find(name: string): Promise<ScheduleObject>;
  /** One with the same key becomes what this says. */
  create(schedule: NewSchedule): Promise<ScheduleObject>;
  update(id: string, rule: ScheduleRule): Promise<ScheduleObject>;
  setActive(id: string, isActive: boolean): Promise<ScheduleObject>;
  delete(id: string): Promise<void>;
}

const pageSize = 100;

/**
 * Makes a client of a server's schedules.
 *
 * @param credentials - the server and the key
 * @returns the client
 */
export function createScheduleClient(credentials: Credentials): ScheduleClient {
  // The answers are those of the contract: server and command are released together.
  const list = async (page: number) =>
    (await send(credentials, {
      method: "GET",
      path: `/api/v1/schedules?page=${page}&perPage=${pageSize}`,
    })) as ScheduleList;
  const change = async (method: "POST" | "PUT", path: string, body: unknown) =>
    (await send(credentials, {
      method,
      path: `/api/v1/schedules${path}`,
      body: JSON.stringify(body),
    })) as ScheduleObject;
  return {
    list,
    async find(name) {
      if (name.startsWith("sched_")) {
        return (await send(credentials, { method: "GET", path: `/api/v1/schedules${pathOf(name)}` })) as ScheduleObject;
      }
      return theOneNamed(name, await all(list));
    },
    create: (schedule) => change("POST", "", schedule),
    update: (id, rule) => change("PUT", pathOf(id), rule),
    setActive: (id, isActive) => change("POST", `${pathOf(id)}/${isActive ? "activate" : "deactivate"}`, {}),
    async delete(id) {
      await send(credentials, { method: "DELETE", path: `/api/v1/schedules${pathOf(id)}` });
    },
  };
}

/**
 * The name by which people know a schedule.
 *
 * @param schedule - as the API shows it
 * @returns the task that declares it, or the key that it was made with
 */
export function scheduleName({ type, task, deduplicationKey, id }: ScheduleObject): string {
  return type === "DECLARATIVE" ? task : (deduplicationKey ?? id);
}

/**
 * Chooses a schedule by its name.
 *
 * @param name - a key, or the task that declares it
 * @param schedules - all that there are
 * @returns the schedule
 * @throws CommandError when none has the name, with the one that was probably meant, or when several have it
 */
export function theOneNamed(name: string, schedules: readonly ScheduleObject[]): ScheduleObject {
  const [found, ...more] = schedules.filter((schedule) => scheduleName(schedule) === name);
  if (found !== undefined && more.length === 0) return found;
  if (found !== undefined) {
    throw new CommandError(`Several schedules are named ${name}: give the id of one.`, {
      details: [found, ...more].map(({ id, task }) => `${id} of ${task}`),
    });
  }
  const names = [...new Set(schedules.map(scheduleName))];
  const meant = closest(name, names);
  const sentence = `There is no schedule ${name}`;
  if (meant !== null) throw new CommandError(`${sentence}: did you mean ${meant}?`);
  if (names.length === 0) {
    throw new CommandError(`${sentence}: there are none yet. Make one with "pawl schedules create".`);
  }
  throw new CommandError(`${sentence}: choose one of these, or give an id.`, { details: names.slice(0, 20) });
}

async function all(list: ScheduleClient["list"]): Promise<readonly ScheduleObject[]> {
  const found: ScheduleObject[] = [];
  for (let page = 1; ; page++) {
    const { data, pagination } = await list(page);
    found.push(...data);
    if (page >= pagination.totalPages) return found;
  }
}

function pathOf(id: string): string {
  return `/${encodeURIComponent(id)}`;
}
