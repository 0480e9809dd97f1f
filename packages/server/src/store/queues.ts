import type { RateLimitItem } from "@pawl/contract/api/queues";
import type { QueueRecord, QueueStore, RateOverride } from "../engine/queue-ports.ts";
import type { Database, Rows, Statement } from "./db.ts";
import { lockEnvironment } from "./runs/claim.ts";
import { closeLanesOf, limitHeldRunsOf, reopenLanesOf } from "./runs/lane-standing.ts";

/**
 * Queues and environments on Postgres. What changes what a claim may do takes the environment's lock: a claim counts either
 * before the change or after it.
 *
 * @param database - where
 * @returns the store
 */
export function createQueueStore(database: Database): QueueStore {
  const change = async (environmentId: string, statement: Statement, ...more: readonly Statement[]) => {
    const [, rows = []] = await database.transaction([lockEnvironment(environmentId), statement, ...more]);
    return rows.length > 0;
  };
  return {
    async list(environmentId, { offset, size }) {
      const [rows = [], [count] = []] = await database.transaction([
        readPage(environmentId, offset, size),
        countQueues(environmentId),
      ]);
      return { queues: rows.map(queueRecord), count: Number(count?.count) };
    },
    async retrieve(environmentId, queue) {
      const rows = await database.query(
        "id" in queue ? readById(environmentId, queue.id) : readByName(environmentId, queue.name),
      );
      return rows[0] === undefined ? null : queueRecord(rows[0]);
    },
    setPaused: (environmentId, name, isPaused) =>
      change(
        environmentId,
        pause(environmentId, name, isPaused),
        isPaused ? closeLanesOf(environmentId, name) : reopenLanesOf(environmentId, [name]),
      ),
    overrideLimit: (environmentId, name, limit) =>
      change(
        environmentId,
        override(environmentId, name, limit),
        reopenLanesOf(environmentId, [name]),
        limitHeldRunsOf(environmentId, [name]),
      ),
    overrideRates: (environmentId, name, rates) =>
      change(environmentId, overrideRates(environmentId, name, rates), reopenLanesOf(environmentId, [name])),
    async setEnvironmentPaused(environmentId, isPaused) {
      await change(environmentId, {
        name: "environments_pause",
        text: "update environment set is_paused = $2 where id = $1",
        values: [environmentId, isPaused],
      });
    },
    async setEnvironmentLimit(environmentId, limit) {
      await change(environmentId, {
        name: "environments_limit",
        text: "update environment set concurrency_limit = $2 where id = $1",
        values: [environmentId, limit],
      });
    },
  };
}

function pause(environmentId: string, name: string, isPaused: boolean): Statement {
  return {
    name: "queues_pause",
    text: "update queue set is_paused = $3 where environment_id = $1 and name = $2 returning name",
    values: [environmentId, name, isPaused],
  };
}

function override(environmentId: string, name: string, limit: number | null): Statement {
  return {
    name: "queues_override",
    // The statement's time is younger than the lock: whatever was claimed under the old limit was claimed before.
    text: `update queue set limit_override = $3::int, overridden_at = case when $3::int is not null then statement_timestamp() end
           where environment_id = $1 and name = $2 returning name`,
    values: [environmentId, name, limit],
  };
}

function overrideRates(environmentId: string, name: string, rates: RateOverride | null): Statement {
  return {
    name: "queues_override_rates",
    text: `update queue
           set rate_override = $3::jsonb, rate_overridden_at = case when $3::jsonb is not null then statement_timestamp() end
           where environment_id = $1 and name = $2 returning name`,
    values: [environmentId, name, rates === null ? null : JSON.stringify(rates)],
  };
}

/** The columns of a {@link QueueRecord} for the rows of `queue q`; counts are read from the runs. */
const columns = `
  q.id, q.name, q.is_paused, q.concurrency_limit, q.limit_override, q.overridden_at, q.combined_limit,
  q.rate_override, q.rate_overridden_at, q.rate_limit, q.rate_period_ms, q.rate_burst,
  q.combined_rate_limit, q.combined_rate_period_ms, q.combined_rate_burst,
  (select count(*)::int from live_run l
   where l.environment_id = q.environment_id and l.queue_name = q.name and l.order_at is not null) as queued,
  (select count(*)::int from live_run l
   where l.environment_id = q.environment_id and l.queue_name = q.name and l.holds_slot
     and l.booked_at >= coalesce((
       select d.booked_from from dispatch d where d.environment_id = q.environment_id order by d.updated_at desc limit 1
     ), '-infinity')) as running`;

function readPage(environmentId: string, offset: number, size: number): Statement {
  return {
    name: "queues_list",
    text: `
      select ${columns} from (
        select * from queue where environment_id = $1::uuid order by name offset $2::int limit $3::int
      ) q
      order by q.name`,
    values: [environmentId, offset, size],
  };
}

function countQueues(environmentId: string): Statement {
  return {
    name: "queues_count",
    text: "select count(*)::int as count from queue where environment_id = $1",
    values: [environmentId],
  };
}

function readById(environmentId: string, id: string): Statement {
  return {
    name: "queues_read",
    text: `select ${columns} from queue q where q.environment_id = $1::uuid and q.id = $2::uuid`,
    values: [environmentId, id],
  };
}

function readByName(environmentId: string, name: string): Statement {
  return {
    name: "queues_read_by_name",
    text: `select ${columns} from queue q where q.environment_id = $1::uuid and q.name = $2`,
    values: [environmentId, name],
  };
}

function queueRecord(row: Rows[number]): QueueRecord {
  // The casts state the column types.
  const override = row.rate_override as RateOverride | null;
  return {
    id: row.id as string,
    name: row.name as string,
    queued: row.queued as number,
    running: row.running as number,
    isPaused: row.is_paused as boolean,
    limit: row.concurrency_limit as number | null,
    limitOverride: row.limit_override as number | null,
    overriddenAt: row.overridden_at as Date | null,
    combinedLimit: row.combined_limit as number | null,
    rates: {
      declared: { rateLimit: rate(row, "rate"), combinedRateLimit: rate(row, "combined_rate") },
      override: override === null ? null : inOrder(override),
      overriddenAt: row.rate_overridden_at as Date | null,
    },
  };
}

/** Postgres keeps the fields of an object in an order of its own. */
function inOrder(override: RateOverride): RateOverride {
  const rates = Object.entries(override) as [keyof RateOverride, RateLimitItem | null][]; // loses the names of the keys
  return Object.fromEntries(
    rates.map(([name, rate]) => [
      name,
      rate === null ? null : { limit: rate.limit, period: rate.period, burst: rate.burst },
    ]),
  );
}

/** All three columns of a rate are set, or none. */
function rate(row: Rows[number], prefix: "rate" | "combined_rate"): RateLimitItem | null {
  const limit = row[`${prefix}_limit`] as number | null;
  if (limit === null) return null;
  return { limit, period: row[`${prefix}_period_ms`] as number, burst: row[`${prefix}_burst`] as number };
}
