import type { RunCondition } from "@pawl/contract/api/explain";
import { formatDuration } from "@pawl/contract/duration";
import { toPublicId } from "@pawl/contract/ids";
import type { RunStanding, SlotUse } from "../../engine/read-ports.ts";

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
