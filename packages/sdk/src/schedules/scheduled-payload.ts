import { withDates } from "../client/dates.ts";

/** What a run of a scheduled task is given. Times are those of the schedule, whenever the run starts. */
export interface ScheduledTaskPayload {
  /** Whether the code of the task declares the schedule, or a call made it. */
  readonly type: "DECLARATIVE" | "IMPERATIVE";
  /** The time that this run is for. */
  readonly timestamp: Date;
  /** The time before it that was fired, or passed by as `overlap` and `catchUp` say; absent at the first. */
  readonly lastTimestamp?: Date;
  /** The IANA name of the schedule's zone, to show times in. */
  readonly timezone: string;
  /** `sched_…` */
  readonly scheduleId: string;
  /** What the maker of the schedule gave it, such as the id of a customer. */
  readonly externalId?: string;
  /** The next five times, or as many as there are. */
  readonly upcoming: readonly Date[];
}

/** What a trigger of a scheduled task may say of its payload. The rest is filled in: `timestamp` is now, and the zone UTC. */
export type ScheduledTaskInput = Partial<ScheduledTaskPayload>;

/**
 * Reads the payload of a scheduled task. One that was triggered by hand may come as plain JSON, with dates as text, and may leave
 * out what a test does not need: `timestamp` is then now.
 *
 * @param payload - as it arrived
 * @returns the payload for `run`
 * @example
 * ```ts
 * (await readScheduledPayload({ timestamp: "2026-01-01T09:00:00Z" })).timestamp; // a Date
 * ```
 */
export async function readScheduledPayload(payload: unknown): Promise<ScheduledTaskPayload> {
  const given: Readonly<Record<string, unknown>> = typeof payload === "object" ? { ...payload } : {};
  const upcoming = Array.isArray(given.upcoming) ? given.upcoming.map((at) => new Date(at)) : [];
  const byHand = { type: "IMPERATIVE", timestamp: new Date(), timezone: "UTC", scheduleId: "sched_by_hand" } as const;
  return { ...byHand, ...withDates(given, ["timestamp", "lastTimestamp"]), upcoming };
}
