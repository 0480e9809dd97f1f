import type { RateLimitItem } from "@pawl/contract/api/queues";
import { defaultBurst, type RateLimit } from "@pawl/contract/rate-limit";
import type { TaskManifest } from "@pawl/contract/task-manifest";
import type { Statement } from "./db.ts";

type DeclaredQueue = TaskManifest["queue"];

/**
 * Gives queues the limits and rates that the code declares; where tasks that share one disagree, the lowest. What an operator has
 * set, an override or a pause, stays. Comes after `lockEnvironment` in one transaction. Locks: the queues that change.
 *
 * @param environmentId - the environment
 * @param tasks - the tasks of its current version
 * @returns the statement; it has no rows
 */
export function upsertQueues(environmentId: string, tasks: readonly TaskManifest[]): Statement {
  return {
    name: "versions_upsert_queues",
    text: `
      insert into queue (environment_id, name, concurrency_limit, combined_limit, rate_limit, rate_period_ms, rate_burst,
                         combined_rate_limit, combined_rate_period_ms, combined_rate_burst)
      select $1::uuid, d.name, d."concurrencyLimit", d."combinedConcurrencyLimit",
             (d."rateLimit" ->> 'limit')::int, (d."rateLimit" ->> 'period')::int, (d."rateLimit" ->> 'burst')::int,
             (d."combinedRateLimit" ->> 'limit')::int, (d."combinedRateLimit" ->> 'period')::int,
             (d."combinedRateLimit" ->> 'burst')::int
      from jsonb_to_recordset($2::jsonb) as d(
        name text, "concurrencyLimit" int, "combinedConcurrencyLimit" int, "rateLimit" jsonb, "combinedRateLimit" jsonb)
      order by d.name
      on conflict (environment_id, name) do update
      set concurrency_limit = excluded.concurrency_limit, combined_limit = excluded.combined_limit,
          rate_limit = excluded.rate_limit, rate_period_ms = excluded.rate_period_ms, rate_burst = excluded.rate_burst,
          combined_rate_limit = excluded.combined_rate_limit, combined_rate_period_ms = excluded.combined_rate_period_ms,
          combined_rate_burst = excluded.combined_rate_burst
      where (queue.concurrency_limit, queue.combined_limit, queue.rate_limit, queue.rate_period_ms, queue.rate_burst,
             queue.combined_rate_limit, queue.combined_rate_period_ms, queue.combined_rate_burst)
        is distinct from (excluded.concurrency_limit, excluded.combined_limit, excluded.rate_limit, excluded.rate_period_ms,
             excluded.rate_burst, excluded.combined_rate_limit, excluded.combined_rate_period_ms, excluded.combined_rate_burst)`,
    values: [environmentId, JSON.stringify(merged(tasks.map((task) => task.queue)))],
  };
}

/** Each queue once. */
function merged(queues: readonly DeclaredQueue[]): readonly DeclaredQueue[] {
  const byName = new Map<string, DeclaredQueue>();
  for (const queue of queues) {
    const before = byName.get(queue.name) ?? { name: queue.name };
    byName.set(queue.name, {
      name: queue.name,
      concurrencyLimit: lowest(before.concurrencyLimit, queue.concurrencyLimit),
      combinedConcurrencyLimit: lowest(before.combinedConcurrencyLimit, queue.combinedConcurrencyLimit),
      rateLimit: slowest(before.rateLimit, queue.rateLimit),
      combinedRateLimit: slowest(before.combinedRateLimit, queue.combinedRateLimit),
    });
  }
  return [...byName.values()];
}

function lowest(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined ? other : Math.min(one, other ?? one);
}

/** The one with the longer time between two starts; of equal ones, that with the smaller burst. */
function slowest(one: RateLimit | undefined, other: RateLimit | undefined): RateLimitItem | undefined {
  const [first, second] = [one, other].flatMap((rate) => (rate === undefined ? [] : [rateLimitItem(rate)]));
  if (first === undefined || second === undefined) return first;
  const difference = first.limit * second.period - second.limit * first.period;
  return difference < 0 || (difference === 0 && first.burst <= second.burst) ? first : second;
}

function rateLimitItem(rate: RateLimit): RateLimitItem {
  return { limit: rate.limit, period: rate.period, burst: rate.burst ?? defaultBurst(rate) };
}
