import type { NewRun } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";

// Triggers of one task with the same debounce key share a run while it is delayed. Three statements of one transaction: rows of
// runs that are no longer delayed are forgotten, the delayed runs are locked, and then insert-with-options decides. What commits
// first wins: a run that was queued, cancelled or rescheduled meanwhile is not pushed. A key that another transaction takes
// meanwhile fails the insert, as an idempotency key does, and the next try finds its run.

/** How long a run may be put off without a bound of its own, in milliseconds; or its delay, where that is longer. */
const defaultMaxDelayMs = 24 * 3_600_000;

/** The condition that a run may still be pushed: its row of `live_run` is `l`. */
export const isPushable = "l.attempt = 0 and l.state in ('delayed', 'pending_version')";

/**
 * What an insert reads of a run's debounce.
 *
 * @param run - the run
 * @returns the columns of {@link debounceColumns}
 */
export function debounceRecord({ debounce }: NewRun): Record<string, unknown> {
  if (debounce === null) return {};
  return {
    debounce_key: debounce.key,
    delay_ms: debounce.delayMs,
    longest_ms: debounce.maxDelayMs ?? Math.max(defaultMaxDelayMs, debounce.delayMs),
    is_trailing: debounce.mode === "trailing",
  };
}

/** The columns of the record that only a debounce has. */
export const debounceColumns = "debounce_key text, longest_ms float8, is_trailing boolean";

/**
 * Forgets under which keys runs were delayed that no longer are, so that the next statements can take the keys: a run that was
 * queued is never pushed again. Locks: the keys, in their order.
 *
 * @param runs - runs about to be made
 * @returns the statements: none without debounce
 */
export function forgetStaleDebounces(runs: readonly NewRun[]): readonly Statement[] {
  if (runs.every((run) => run.debounce === null)) return [];
  return [
    {
      name: "debounces_forget_stale",
      text: `
        with stale as (
          select d.environment_id, d.task_id, d.key
          from unnest($1::uuid[], $2::text[], $3::text[]) as named(environment_id, task_id, key)
          join debounce d on d.environment_id = named.environment_id and d.task_id = named.task_id and d.key = named.key
          where not exists (
            select from live_run l where l.environment_id = d.environment_id and l.run_id = d.run_id and ${isPushable}
          )
          order by 1, 2, 3
          for update of d
        )
        delete from debounce d using stale s
        where d.environment_id = s.environment_id and d.task_id = s.task_id and d.key = s.key`,
      values: keysOf(runs),
    },
  ];
}

/**
 * Locks the delayed runs that calls may push, and the parents of runs about to be made, and leaves word of which they are: only
 * those are pushed. Locks: the live rows, in the order of their ids.
 *
 * @param runs - runs about to be made, some with debounce
 * @param parents - ids of their parents, each with its environment
 * @returns the statement
 */
export function lockDebounced(runs: readonly NewRun[], parents: ReadonlyMap<string, string>): Statement {
  return {
    name: "runs_lock_debounced",
    text: `
      with named as (
        select d.environment_id, d.run_id
        from unnest($1::uuid[], $2::text[], $3::text[]) as k(environment_id, task_id, key)
        join debounce d on d.environment_id = k.environment_id and d.task_id = k.task_id and d.key = k.key
        union
        select * from unnest($4::uuid[], $5::uuid[])
      ),
      locked as materialized (
        select l.run_id from named n
        join live_run l on l.environment_id = n.environment_id and l.run_id = n.run_id
        order by l.run_id
        for no key update of l
      )
      select set_config('pawl.debounced', coalesce(string_agg(run_id::text, ','), ''), true) from locked`,
    values: [...keysOf(runs), plainArray([...parents.values()]), plainArray([...parents.keys()])],
  };
}

/** Each key once, since hundreds of calls may have the same. */
function keysOf(runs: readonly NewRun[]): readonly unknown[] {
  const keys = new Map<string, readonly [string, string, string]>();
  for (const { environmentId, taskId, debounce } of runs) {
    if (debounce === null) continue;
    keys.set(JSON.stringify([environmentId, taskId, debounce.key]), [environmentId, taskId, debounce.key]);
  }
  const columns = [...keys.values()];
  return [
    plainArray(columns.map(([environmentId]) => environmentId)),
    textArray(columns.map(([, taskId]) => taskId)),
    textArray(columns.map(([, , key]) => key)),
  ];
}

/**
 * The common table expressions that bring the calls of an array together which have the same key. `held` has the delayed runs as
 * {@link lockDebounced} locked them. `shared` has a row for each key: the run that all its calls share, which of them makes it
 * (leader_id; null where it is there), whose payload and options it is to have (source_id; null: its own), and when it is due.
 * `joined` has the calls that share a run which they do not make. Needs `given` and `judged`.
 */
export const debouncedCalls = `
  held as materialized (
    select d.environment_id, d.task_id, d.key, d.run_id, d.first_at, coalesce(l.due_at, r.delay_until) as due_at
    from (select distinct environment_id, task_id, debounce_key from given where debounce_key is not null) g
    cross join lateral (
      select * from debounce x
      where x.environment_id = g.environment_id and x.task_id = g.task_id and x.key = g.debounce_key offset 0
    ) d
    join live_run l on l.environment_id = d.environment_id and l.run_id = d.run_id and ${isPushable}
    cross join lateral (
      select run.delay_until from run where run.environment_id = d.environment_id and run.id = d.run_id offset 0
    ) r
    where d.run_id = any (string_to_array(nullif(current_setting('pawl.debounced', true), ''), ',')::uuid[])
  ),
  shared as materialized (
    select environment_id, task_id, debounce_key, coalesce(held_id, ids[1]) as run_id, held_id, held_due_at,
           case when held_id is null then ids[1] end as leader_id,
           coalesce(trailing_ids[1], case when held_id is null then ids[1] end) as source_id,
           greatest(held_due_at, asked_at) as due_at, is_awaited
    from (
      select j.environment_id, j.task_id, j.debounce_key, h.run_id as held_id, h.due_at as held_due_at,
             array_agg(j.id order by j.position) as ids,
             array_agg(j.id order by j.position desc) filter (where j.is_trailing) as trailing_ids,
             max(least(j.asked_until, coalesce(h.first_at, now()) + j.longest_ms * interval '1 millisecond')) as asked_at,
             bool_or(j.wait is not null) as is_awaited
      from judged j
      left join held h on h.environment_id = j.environment_id and h.task_id = j.task_id and h.key = j.debounce_key
      where j.refusal is null and j.found_id is null and j.debounce_key is not null
      group by 1, 2, 3, 4, 5
    ) asked
  ),
  joined as materialized (
    select j.*, s.run_id, s.due_at
    from judged j
    join shared s on s.environment_id = j.environment_id and s.task_id = j.task_id and s.debounce_key = j.debounce_key
    where j.refusal is null and j.found_id is null and s.leader_id is distinct from j.id
  )`;

/** The columns of a call that lead to its run, whether it makes that or not: run_id. Needs `input` and {@link debouncedCalls}. */
const callColumns =
  "environment_id, id, task_id, request_key, batch_id, batch_index, wait, parent_run_id, idempotency_key, key_life_s";

/**
 * The common table expressions that push the delayed runs, give them what the last trailing call says, and note new ones under
 * their keys. The time to live counts from the new time. `calls` has every call with the run that it leads to. Needs `input` and
 * {@link debouncedCalls}. Locks: the run rows and the metadata of runs that are locked.
 */
export const pushDebounced = `
  calls as materialized (
    select ${callColumns}, id as run_id from input
    union all
    select ${callColumns}, run_id from joined
  ),
  noted as (
    insert into debounce (environment_id, task_id, key, run_id)
    select environment_id, task_id, debounce_key, run_id from shared where held_id is null order by 1, 2, 3
  ),
  pushed as (
    update live_run l
    set due_at = case when l.state = 'delayed' then h.due_at end,
        expires_at = l.expires_at + (h.due_at - h.held_due_at),
        max_attempts = coalesce(s.attempts, l.max_attempts),
        is_awaited = l.is_awaited or h.is_awaited
    from shared h left join judged s on s.id = h.source_id
    where h.held_id is not null and l.environment_id = h.environment_id and l.run_id = h.held_id
  ),
  replaced as (
    update run r
    set delay_until = h.due_at,
        payload = case when s.id is null then r.payload else s.payload end,
        payload_type = coalesce(s.payload_type, r.payload_type),
        max_attempts = case when s.id is null then r.max_attempts else s.max_attempts end,
        max_duration_s = case when s.id is null then r.max_duration_s else s.max_duration_s end,
        machine = case when s.id is null then r.machine else s.machine end,
        tags = case when s.id is null then r.tags else s.tags end
    from shared h left join judged s on s.id = h.source_id
    where h.held_id is not null and r.environment_id = h.environment_id and r.id = h.held_id
      and r.id = any (array(select held_id from shared))
  ),
  redescribed as (
    insert into run_metadata (environment_id, run_id, data)
    select h.environment_id, h.held_id, s.metadata from shared h join judged s on s.id = h.source_id
    where h.held_id is not null and s.metadata is not null
    order by 1, 2
    on conflict (environment_id, run_id) do update set data = excluded.data
  ),
  undescribed as (
    delete from run_metadata m using shared h join judged s on s.id = h.source_id
    where h.held_id is not null and s.metadata is null and m.environment_id = h.environment_id and m.run_id = h.held_id
  )`;
