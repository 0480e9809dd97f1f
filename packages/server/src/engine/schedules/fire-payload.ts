import { toPublicId } from "@pawl/contract/ids";
import { type Packet, writePacket } from "@pawl/contract/packet";
import type { ScheduleRecord } from "../schedule-ports.ts";
import { firesAfter } from "./fire-times.ts";

/** How many of the following fires a run is told of. */
const upcomingCount = 5;

/**
 * Writes what the run of a fire gets. All times are nominal.
 *
 * @param schedule - the schedule
 * @param at - the fire
 * @param lastAt - the fire before it; null: it is the first
 * @returns the payload
 */
export function firePayload(schedule: ScheduleRecord, at: Date, lastAt: Date | null): Packet {
  const { id, type, cron, timezone, externalId } = schedule;
  return writePacket({
    type: type === "declarative" ? "DECLARATIVE" : "IMPERATIVE",
    timestamp: at,
    ...(lastAt === null ? {} : { lastTimestamp: lastAt }),
    timezone,
    scheduleId: toPublicId("sched", id),
    ...(externalId === null ? {} : { externalId }),
    upcoming: firesAfter(cron, timezone, at, upcomingCount),
  });
}
