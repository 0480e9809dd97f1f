import type { RateLimitItem } from "@pawl/contract/api/queues";
import type { RateUse, StandingKeeper } from "../../engine/read-ports.ts";
import type { Rows } from "../db.ts";

/** A rate of the queue `q` as it holds now, and in how many milliseconds its bucket is full. */
function rate(name: "rate" | "combined_rate", override: "rateLimit" | "combinedRateLimit", bucket: string): string {
  return `
  case when q.rate_override ? '${override}' then q.rate_override -> '${override}'
       when q.${name}_limit is not null then jsonb_build_object(
         'limit', q.${name}_limit, 'period', q.${name}_period_ms, 'burst', q.${name}_burst) end as ${name},
  coalesce((select extract(epoch from b.full_at - clock_timestamp())::float8 * 1000 from rate_bucket b
            where b.environment_id = q.environment_id and b.queue_name = q.name and ${bucket}
            order by b.full_at desc limit 1), 0) as ${name}_full_in_ms`;
}

/** The rates of the queue of run $2. */
export const ratesText = `
  select ${rate("rate", "rateLimit", "not b.is_combined and b.concurrency_key = l.concurrency_key")},
         ${rate("combined_rate", "combinedRateLimit", "b.is_combined and b.concurrency_key = ''")}
  from live_run l join queue q on q.environment_id = l.environment_id and q.name = l.queue_name
  where l.environment_id = $1::uuid and l.run_id = $2::uuid`;

/** The run that run $2 stands behind, in a queue that executes one run of a key at a time. */
export const keeperText = `
  select k.run_id, k.due_at, v.label as version_label
  from live_run l
  join queue q on q.environment_id = l.environment_id and q.name = l.queue_name
    and least(coalesce(q.limit_override, q.concurrency_limit), q.combined_limit) <= 1
  join live_run k on k.environment_id = l.environment_id and k.queue_name = l.queue_name
    and k.concurrency_key = l.concurrency_key and k.keeps_place
    and (coalesce(k.order_at, k.claimed_order_at), k.run_id) < (l.order_at, l.run_id)
  left join version v on v.environment_id = k.environment_id and v.id = k.version_id
  where l.environment_id = $1::uuid and l.run_id = $2::uuid
  order by coalesce(k.order_at, k.claimed_order_at), k.run_id limit 1`;

/**
 * Reads a rate out of a row of {@link ratesText}.
 *
 * @param row - the row; undefined where the queue is not known
 * @param name - which rate
 * @returns the rate, and when it allows the next start; null: no rate
 */
export function rateUse(row: Rows[number] | undefined, name: "rate" | "combined_rate"): RateUse | null {
  const found = (row?.[name] ?? null) as RateLimitItem | null; // the columns of the statement
  if (found === null) return null;
  const fullInMs = row?.[`${name}_full_in_ms`] as number;
  const intervalMs = found.period / found.limit;
  return { ...found, nextInMs: Math.max(0, Math.min(fullInMs - (found.burst - 1) * intervalMs, intervalMs)) };
}

/**
 * Reads a row of {@link keeperText}.
 *
 * @param row - the row, if there is one
 * @returns the run that keeps its place
 */
export function keeperOf(row: Rows[number] | undefined): StandingKeeper | null {
  if (row === undefined) return null;
  return {
    runId: row.run_id as string,
    dueAt: row.due_at as Date | null,
    versionLabel: row.version_label as string | null,
  };
}
