import { toPublicId } from "@pawl/contract/ids";
import { type Packet, writePacket } from "@pawl/contract/packet";
import type { ScheduleRecord } from "../schedule-ports.ts";
import { firesAfter } from "./fire-times.ts";

/** How many of the following fires a run is told of. */
const upcomingCount = 5;

/** What thousands of schedules that fire at one time have in common, as written by {@link writePacket}. */
interface CommonPayload {
  readonly key: string;
  readonly json: Readonly<Record<string, unknown>>;
  /** Which of its values are dates. */
  readonly meta: unknown;
}

let last: CommonPayload | null = null;

/**
 * Writes what the run of a fire gets. All times are nominal.
 *
 * @param schedule - the schedule
 * @param at - the fire
 * @param lastAt - the fire before it; null: it is the first
 * @returns the payload
 */
export function firePayload(schedule: ScheduleRecord, at: Date, lastAt: Date | null): Packet {
  const { type, cron, timezone, id, externalId } = schedule;
  const key = `${type} ${at.getTime()} ${lastAt?.getTime()} ${timezone} ${cron}`;
  if (last?.key !== key) last = commonPayload(key, schedule, at, lastAt);
  const { json, meta } = last;
  // Texts need no word in `meta`.
  const own =
    externalId === null ? { scheduleId: toPublicId("sched", id) } : { scheduleId: toPublicId("sched", id), externalId };
  return { text: JSON.stringify({ json: { ...json, ...own }, meta }), type: "application/super+json" };
}

function commonPayload(
  key: string,
  { type, cron, timezone }: ScheduleRecord,
  at: Date,
  lastAt: Date | null,
): CommonPayload {
  const { text = "{}" } = writePacket({
    type: type === "declarative" ? "DECLARATIVE" : "IMPERATIVE",
    timestamp: at,
    ...(lastAt === null ? {} : { lastTimestamp: lastAt }),
    timezone,
    upcoming: firesAfter(cron, timezone, at, upcomingCount),
  });
  return { key, ...(JSON.parse(text) as Pick<CommonPayload, "json" | "meta">) }; // of superjson
}
