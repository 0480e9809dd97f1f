import type { RunCondition } from "@pawl/contract/api/explain";
import { formatDuration } from "@pawl/contract/duration";
import { toPublicId } from "@pawl/contract/ids";
import type { RateUse, RunStanding, SlotUse } from "../../engine/read-ports.ts";

/** What is around a run: the figures of the store, and what the engine knows of the hosts on this server. */
export interface Surroundings {
  readonly standing: RunStanding;
  readonly environmentSlug: string;
  /** How many runs each host could start at once, by its UUID; a host on another server is missing. */
  readonly freeProcesses: ReadonlyMap<string, number>;
}

/**
 * Judges the limit of a queue for the run's key, and names the run that has held a slot for longest.
 *
 * @param standing - the figures
 * @param taken - how many slots count
 * @returns the condition
 */
export function queueLimit({ standing }: Surroundings, taken: (use: SlotUse) => number): RunCondition {
  const { queue, queueName, concurrencyKey, oldest, now } = standing;
  const name = concurrencyKey === "" ? `The queue ${queueName}` : `The key ${concurrencyKey} of the queue ${queueName}`;
  if (queue.limit === null) return { name: "queue_limit", holds: true, detail: `${name} has no limit.` };
  const holds = taken(queue) < queue.limit;
  const since = oldest === null ? "" : `, the oldest ${toPublicId("run", oldest.runId)} ${oldestFor(oldest, now)}`;
  return {
    name: "queue_limit",
    holds,
    detail: `${name} is ${holds ? "below" : "at"} its limit: ${useText(queue)}${holds ? "" : since}.`,
  };
}

function oldestFor({ since, hostName }: NonNullable<RunStanding["oldest"]>, now: Date): string {
  return `for ${formatDuration(Math.max(0, now.getTime() - since.getTime()))} on host ${hostName}`;
}

/**
 * Judges the rate of a queue for the run's key.
 *
 * @param standing - the figures
 * @returns the condition; none where the queue has no such rate
 */
export function queueRate({ standing }: Surroundings): readonly RunCondition[] {
  const { queueName, concurrencyKey, rate } = standing;
  const name = concurrencyKey === "" ? `The queue ${queueName}` : `The key ${concurrencyKey} of the queue ${queueName}`;
  return rateCondition("queue_rate", `${name} may start`, rate, standing);
}

/**
 * Judges the rate of a queue for all of its keys together.
 *
 * @param standing - the figures
 * @returns the condition; none where the queue has no such rate
 */
export function combinedRate({ standing }: Surroundings): readonly RunCondition[] {
  const subject = `The queue ${standing.queueName} may start, all keys together,`;
  return rateCondition("queue_combined_rate", subject, standing.combinedRate, standing);
}

function rateCondition(
  name: string,
  subject: string,
  rate: RateUse | null,
  { before }: RunStanding,
): readonly RunCondition[] {
  if (rate === null) return [];
  const holds = rate.nextInMs === 0;
  const next = holds ? "one may start now" : `the next may start in ${formatDuration(rate.nextInMs)}`;
  return [{ name, holds, detail: `${subject} ${perPeriod(rate)}; ${next}.${holds ? "" : lineText(before)}` }];
}

// The last divides every period that has whole milliseconds.
const units = [
  { name: "day", lengthMs: 86_400_000 },
  { name: "hour", lengthMs: 3_600_000 },
  { name: "minute", lengthMs: 60_000 },
  { name: "second", lengthMs: 1_000 },
  { name: "millisecond", lengthMs: 1 },
] as const;

/** A period is what somebody has set, so it is written exactly. */
function perPeriod({ limit, period }: RateUse): string {
  const { name, lengthMs } = units.find((unit) => period % unit.lengthMs === 0) ?? units[4];
  const count = period / lengthMs;
  return `${limit} ${limit === 1 ? "run" : "runs"} per ${count === 1 ? name : `${count} ${name}s`}`;
}

/**
 * Says how many runs stand before one.
 *
 * @param before - how many of its queue and key, counted to a thousand
 * @returns a sentence with a space before it; empty when there are none
 */
export function lineText(before: number): string {
  if (before === 0) return "";
  if (before === 1) return " 1 run of its queue stands before it.";
  return ` ${before >= 1_000 ? "1,000 or more" : before} runs of its queue stand before it.`;
}

/**
 * Says which run this one stands behind, in a queue that keeps the order of triggering.
 *
 * @param standing - the figures
 * @returns the condition; none where it stands behind none
 */
export function queueOrder({ standing }: Surroundings): readonly RunCondition[] {
  const { queueName, keeper, before, hosts } = standing;
  if (keeper === null) return [];
  const due =
    keeper.dueAt === null ? "is queued for its next attempt" : `is attempted again at ${keeper.dueAt.toISOString()}`;
  // One that is queued and not executed may be locked to a version that is nowhere: who looks wants to know which.
  const version =
    keeper.dueAt === null && keeper.versionLabel !== null && hosts.length > 0
      ? ` with version ${keeper.versionLabel}`
      : "";
  const detail = `The queue ${queueName} executes one run at a time, in order: ${toPublicId("run", keeper.runId)} keeps its place before this one, and ${due}${version}.${lineText(before)}`;
  return [{ name: "queue_order", holds: false, detail }];
}

/**
 * Judges the limit of a queue for all of its keys together.
 *
 * @param standing - the figures
 * @param taken - how many slots count
 * @returns the condition
 */
export function combinedLimit({ standing }: Surroundings, taken: (use: SlotUse) => number): RunCondition {
  const name = `The queue ${standing.queueName}`;
  return limitCondition("queue_combined_limit", name, "limit for all keys together", standing.combined, taken);
}

/**
 * Judges the limit of the environment.
 *
 * @param surroundings - the figures and the environment's name
 * @param taken - how many slots count
 * @returns the condition
 */
export function environmentLimit(
  { standing, environmentSlug }: Surroundings,
  taken: (use: SlotUse) => number,
): RunCondition {
  const name = `The environment ${environmentSlug}`;
  return limitCondition("environment_limit", name, "limit", standing.environment, taken);
}

function limitCondition(
  name: string,
  subject: string,
  limitName: string,
  use: SlotUse,
  taken: (use: SlotUse) => number,
): RunCondition {
  if (use.limit === null) return { name, holds: true, detail: `${subject} has no ${limitName}.` };
  const holds = taken(use) < use.limit;
  return { name, holds, detail: `${subject} is ${holds ? "below" : "at"} its ${limitName}: ${useText(use)}.` };
}

function useText({ limit, held, resuming }: SlotUse): string {
  const waiting = resuming === 0 ? "" : `, and ${resuming} whose wait is over ${resuming === 1 ? "goes" : "go"} first`;
  return `${held} of ${limit} runs execute${waiting}`;
}
