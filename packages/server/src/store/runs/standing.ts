import type { RunState } from "@pawl/contract/run-state";
import type { RunStanding, SlotUse, StandingHost, StandingWait } from "../../engine/read-ports.ts";
import type { Database, Rows, Statement } from "../db.ts";
import { keeperOf, keeperText, ratesText, rateUse } from "./standing-flow.ts";

/** How far the runs that stand before one are counted. */
const maxBefore = 1_000;

/**
 * Reads the figures that say why a run is not executing. Takes no lock: they are of one moment, which may have passed.
 *
 * @param db - the database
 * @param environmentId - the run's environment
 * @param runId - the run
 * @returns the figures; null when the run has finished or does not exist
 */
export async function readStanding(db: Database, environmentId: string, runId: string): Promise<RunStanding | null> {
  const values = [environmentId, runId];
  const [[run] = [], [slots] = [], [oldest] = [], hosts = [], waits = [], [rates] = [], [keeper] = []] =
    await db.transaction([
      { name: "standing_run", text: runText, values },
      { name: "standing_slots", text: slotsText, values },
      { name: "standing_oldest", text: oldestText, values },
      { name: "standing_hosts", text: hostsText, values },
      { name: "standing_waits", text: waitsText, values },
      { name: "standing_rates", text: ratesText, values },
      { name: "standing_keeper", text: keeperText, values },
    ] satisfies Statement[]);
  if (run === undefined || slots === undefined) return null;
  // The casts state the column types of the statements below.
  return {
    now: run.now as Date,
    state: run.state as RunState,
    attempt: run.attempt as number,
    taskId: run.task_id as string,
    queueName: run.queue_name as string,
    concurrencyKey: run.concurrency_key as string,
    dueAt: run.due_at as Date | null,
    expiresAt: run.expires_at as Date | null,
    versionLabel: run.version_label as string | null,
    currentVersionLabel: run.current_label as string | null,
    debounceKey: run.debounce_key as string | null,
    isEnvironmentPaused: run.is_environment_paused as boolean,
    isQueuePaused: run.is_queue_paused as boolean,
    environment: slotUse(slots, "environment"),
    combined: slotUse(slots, "combined"),
    queue: slotUse(slots, "queue"),
    rate: rateUse(rates, "rate"),
    combinedRate: rateUse(rates, "combined_rate"),
    keepsPlace: run.keeps_place as boolean,
    keeper: keeperOf(keeper),
    oldest:
      oldest === undefined
        ? null
        : { runId: oldest.run_id as string, since: oldest.since as Date, hostName: oldest.host_name as string },
    before: run.before as number,
    host: run.host_name === null ? null : { name: run.host_name as string, isLost: run.is_host_lost as boolean },
    hosts: hosts.map(hostOf),
    waits: waits.map(waitOf),
  };
}

const runText = `
  select (
           select d.key from run r
           join debounce d on d.environment_id = r.environment_id and d.task_id = r.task_id and d.key = r.debounce_key
             and d.run_id = r.id
           where l.state = 'delayed' and l.attempt = 0 and r.environment_id = l.environment_id and r.id = l.run_id
         ) as debounce_key,
         clock_timestamp() as now, l.state, l.attempt, l.task_id, l.queue_name, l.concurrency_key, l.due_at, l.expires_at, l.keeps_place,
         own.label as version_label, c.label as current_label,
         e.is_paused as is_environment_paused, coalesce(q.is_paused, false) as is_queue_paused,
         h.name as host_name, h.lease_expires_at <= clock_timestamp() as is_host_lost,
         (select count(*)::int from (
            select from live_run b
            where b.environment_id = l.environment_id and b.queue_name = l.queue_name and b.concurrency_key = l.concurrency_key
              and coalesce(b.version_id, '00000000-0000-0000-0000-000000000000'::uuid)
                = coalesce(l.version_id, '00000000-0000-0000-0000-000000000000'::uuid)
              and b.order_at is not null and (b.order_at, b.run_id) < (l.order_at, l.run_id)
            limit ${maxBefore}) b) as before
  from live_run l
  join environment e on e.id = l.environment_id
  left join version c on c.environment_id = l.environment_id and c.is_current
  left join version own on own.environment_id = l.environment_id and own.id = l.version_id
  left join queue q on q.environment_id = l.environment_id and q.name = l.queue_name
  left join host h on h.id = l.host_id
  where l.environment_id = $1::uuid and l.run_id = $2::uuid`;

/** The newest bounds of the environment: no run that holds a slot was booked before. */
const bookedFrom = `
  select coalesce((select d.booked_from from dispatch d where d.environment_id = $1::uuid order by d.updated_at desc limit 1), '-infinity')`;

const holding = `
  select h.* from live_run h where h.environment_id = $1::uuid and h.holds_slot and h.booked_at >= (${bookedFrom})`;

/** Runs that hold a slot, and those whose wait is over and that are to take theirs again. */
const booked = `
  ${holding}
  union all
  select r.* from live_run r where r.environment_id = $1::uuid and r.booked_at is not null and not r.holds_slot`;

const slotsText = `
  select e.concurrency_limit as environment_limit, count(b.*) filter (where b.holds_slot)::int as environment_held,
         count(b.*) filter (where not b.holds_slot)::int as environment_resuming,
         q.combined_limit, count(b.*) filter (where b.holds_slot and b.queue_name = l.queue_name)::int as combined_held,
         count(b.*) filter (where not b.holds_slot and b.queue_name = l.queue_name)::int as combined_resuming,
         coalesce(q.limit_override, q.concurrency_limit) as queue_limit,
         count(b.*) filter (where b.holds_slot and b.queue_name = l.queue_name
           and b.concurrency_key = l.concurrency_key)::int as queue_held,
         count(b.*) filter (where not b.holds_slot and b.queue_name = l.queue_name
           and b.concurrency_key = l.concurrency_key)::int as queue_resuming
  from live_run l
  join environment e on e.id = l.environment_id
  left join queue q on q.environment_id = l.environment_id and q.name = l.queue_name
  left join (${booked}) b on b.run_id <> l.run_id
  where l.environment_id = $1::uuid and l.run_id = $2::uuid
  group by e.concurrency_limit, q.combined_limit, q.limit_override, q.concurrency_limit`;

const oldestText = `
  select b.run_id, coalesce(b.attempt_started_at, b.booked_at) as since, h.name as host_name
  from live_run l
  join (${holding}) b on b.queue_name = l.queue_name and b.concurrency_key = l.concurrency_key
  join host h on h.id = b.host_id
  where l.environment_id = $1::uuid and l.run_id = $2::uuid and b.run_id <> l.run_id
  order by since, b.run_id limit 1`;

const hostsText = `
  select h.id, h.name, coalesce(l.version_id, c.id) = any (h.version_ids) as has_version,
         (select count(*)::int from (${holding}) b where b.host_id = h.id) as held
  from live_run l
  join host h on h.environment_id = l.environment_id and h.lease_expires_at > clock_timestamp()
  left join version c on c.environment_id = l.environment_id and c.is_current
  where l.environment_id = $1::uuid and l.run_id = $2::uuid
  order by h.name, h.id`;

const waitsText = `
  select p.kind, p.id, p.created_at as since, p.due_at,
         case when p.kind = 'batch' then (select count(*)::int from batch_item i where i.environment_id = p.environment_id
           and i.batch_id = p.id and not exists (select from live_run m where m.environment_id = i.environment_id
             and m.run_id = i.run_id)) else 0 end as ended,
         coalesce((select t.run_count from batch t where t.environment_id = p.environment_id and t.id = p.id), 0) as total
  from run_wait w
  join waitpoint p on p.environment_id = w.environment_id and p.id = w.waitpoint_id
  where w.environment_id = $1::uuid and w.run_id = $2::uuid and w.is_awaited and p.completed_at is null
  order by p.due_at nulls last, w.key limit 100`;

function slotUse(row: Rows[number], name: "environment" | "combined" | "queue"): SlotUse {
  return {
    limit: row[`${name}_limit`] as number | null,
    held: row[`${name}_held`] as number,
    resuming: row[`${name}_resuming`] as number,
  };
}

function hostOf(row: Rows[number]): StandingHost {
  return {
    id: row.id as string,
    name: row.name as string,
    hasVersion: row.has_version === true,
    held: row.held as number,
  };
}

function waitOf(row: Rows[number]): StandingWait {
  return {
    kind: row.kind as StandingWait["kind"],
    id: row.id as string,
    since: row.since as Date,
    dueAt: row.due_at as Date | null,
    ended: row.ended as number,
    total: row.total as number,
  };
}
