import type { NewRun } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { requestKeyLife } from "./insert.ts";
import { isClaimOf, lockLiveRuns } from "./join-run.ts";
import { wakeLanesOf } from "./lane-wake.ts";

/**
 * Locks the live rows of the parents under whose claims runs are to be made, so that no claim is lost between the look at it and
 * the commit. Locks: the rows, in the order of their ids.
 *
 * @param runs - runs about to be made
 * @returns the statements: none without such parents
 */
export function lockParents(runs: readonly NewRun[]): readonly Statement[] {
  const parents = new Map<string, string>();
  for (const run of runs) {
    if (run.parent !== null && run.parent.claim !== null) parents.set(run.parent.runId, run.environmentId);
  }
  return parents.size === 0 ? [] : [lockLiveRuns(parents)];
}

/**
 * Forgets those of the runs' idempotency keys that have expired, so that the next statement can take them. Locks: the keys, in
 * their order.
 *
 * @param runs - runs about to be made
 * @returns the statements: none without keys
 */
export function forgetExpiredKeys(runs: readonly NewRun[]): readonly Statement[] {
  const keyed = runs.filter((run) => run.idempotency !== null);
  if (keyed.length === 0) return [];
  return [
    {
      name: "idempotency_keys_forget_expired",
      text: `
        with expired as (
          select k.environment_id, k.task_id, k.key
          from unnest($1::uuid[], $2::text[], $3::text[]) as named(environment_id, task_id, key)
          join idempotency_key k on k.environment_id = named.environment_id and k.task_id = named.task_id and k.key = named.key
          where k.expires_at <= now()
          order by 1, 2, 3
          for update of k
        )
        delete from idempotency_key k using expired e
        where k.environment_id = e.environment_id and k.task_id = e.task_id and k.key = e.key and k.expires_at <= now()`,
      values: [
        plainArray(keyed.map((run) => run.environmentId)),
        textArray(keyed.map((run) => run.taskId)),
        textArray(keyed.map((run) => run.idempotency?.key ?? null)),
      ],
    },
  ];
}

/** What {@link input} reads, as a record of JSON. */
function record(run: NewRun): Record<string, unknown> {
  const { delay, idempotency, parent } = run;
  return {
    environment_id: run.environmentId,
    id: run.id,
    task_id: run.taskId,
    payload: run.payload,
    payload_type: run.payloadType,
    max_attempts: run.maxAttempts,
    trace_id: run.traceId,
    is_test: run.isTest,
    tags: run.tags.length === 0 ? null : run.tags,
    request_key: run.requestKey,
    batch_id: run.batchId,
    batch_index: run.batchIndex,
    trigger_function: run.triggerFunction,
    delay_ms: delay !== null && "afterMs" in delay ? delay.afterMs : null,
    delay_at: delay !== null && "at" in delay ? delay.at : null,
    own_ttl_s: run.ttlS,
    own_queue: run.queueName,
    concurrency_key: run.concurrencyKey,
    priority_s: run.priorityS,
    idempotency_key: idempotency?.key ?? null,
    key_life_s: idempotency?.lifeS ?? null,
    key_source: idempotency?.source ?? null,
    key_scope: idempotency?.scope ?? null,
    max_duration_s: run.maxDurationS,
    metadata: run.metadata,
    machine: run.machine,
    region: run.region,
    label: run.lockToVersion,
    parent_run_id: parent?.runId ?? null,
    parent_host_id: parent?.claim?.hostId ?? null,
    parent_fence: parent?.claim?.fence ?? null,
    wait: parent?.wait ?? null,
    replay_of: run.replayOf,
    schedule_id: run.fire?.scheduleId ?? null,
    fired_at: run.fire?.at ?? null,
    bulk_action_id: run.bulkActionId,
  };
}

/**
 * The runs with what they refer to. A run that is waited for, alone or with its batch, is pinned to its parent's version, if that has its task. What was
 * made before by the same call (its wait, its request key, its place in a batch, its fire) or by another with its idempotency key is in `found_id`.
 */
const input = `
  given as materialized (
    select * from json_to_recordset($1::json) as g(
      environment_id uuid, id uuid, task_id text, payload text, payload_type text, max_attempts smallint, trace_id text,
      is_test boolean, tags text[], request_key text, batch_id uuid, batch_index int, trigger_function text, delay_ms float8,
      delay_at timestamptz, own_ttl_s float8, own_queue text, concurrency_key text, priority_s float8, idempotency_key text,
      key_life_s float8, key_source text, key_scope text, max_duration_s float8, metadata text, machine text, region text,
      label text, parent_run_id uuid, parent_host_id uuid, parent_fence int, wait text, replay_of uuid,
      schedule_id uuid, fired_at timestamptz, bulk_action_id uuid)
  ),
  pinned as materialized (
    select g.*, p.id as parent_id, p.outcome as parent_outcome, coalesce(p.root_run_id, p.id) as root_run_id,
           coalesce(p.depth + 1, 0) as depth,
           ${isClaimOf("pl", "g")} as is_claim_valid,
           case
             when g.label is not null then locked.id
             when (g.wait is not null or g.trigger_function = 'batchTriggerAndWait') and exists (
               select from task t
               where t.environment_id = g.environment_id and t.version_id = pl.version_id and t.id = g.task_id
             ) then pl.version_id
           end as version_id
    from given g
    left join lateral (
      select r.id, r.outcome, r.root_run_id, r.depth from run r
      where r.environment_id = g.environment_id and r.id = g.parent_run_id offset 0
    ) p on true
    left join live_run pl on pl.environment_id = g.environment_id and pl.run_id = g.parent_run_id
    left join version locked on locked.environment_id = g.environment_id and locked.label = g.label
  ),
  known as materialized (
    select g.*, t.id is not null as is_known, coalesce(g.own_queue, t.queue_name, 'task/' || g.task_id) as queue_name,
           coalesce(g.max_attempts, (t.retry ->> 'maxAttempts')::smallint, 3) as attempts,
           coalesce(g.own_ttl_s, t.ttl_s) as ttl_s,
           coalesce(g.delay_at, now() + g.delay_ms * interval '1 millisecond') as delay_until,
           journal.waitpoint_id as joined_id, coalesce(k.run_id, b.run_id, f.run_id) as repeated_id, ik.run_id as cached_id
    from pinned g
    left join version current on current.environment_id = g.environment_id and current.is_current
    left join task t on t.environment_id = g.environment_id and t.version_id = coalesce(g.version_id, current.id)
      and t.id = g.task_id
    left join run_wait journal on journal.environment_id = g.environment_id and journal.run_id = g.parent_run_id
      and journal.key = g.wait
    left join request_key k on k.environment_id = g.environment_id and k.key = g.request_key
    left join batch_item b on b.environment_id = g.environment_id and b.batch_id = g.batch_id and b.index = g.batch_index
    left join schedule_fire f on f.environment_id = g.environment_id and f.schedule_id = g.schedule_id and f.at = g.fired_at
    left join idempotency_key ik on ik.environment_id = g.environment_id and ik.task_id = g.task_id
      and ik.key = g.idempotency_key and ik.expires_at > now()
  ),
  judged as materialized (
    select k.*, coalesce(joined_id, repeated_id, cached_id) as found_id,
           case
             when parent_run_id is not null and not is_claim_valid then 'lost_claim'
             when parent_run_id is not null and (parent_id is null or parent_outcome is not null) then 'parent_finished'
             when coalesce(joined_id, repeated_id, cached_id) is null and label is not null
               and (version_id is null or not is_known) then 'unknown_version'
           end as refusal
    from known k
  ),
  input as materialized (
    select j.*, case when not is_known then 'pending_version' when delay_until > now() then 'delayed' else 'queued' end as state,
           greatest(delay_until, now()) + nullif(ttl_s, 0) * interval '1 second' as expires_at
    from judged j where refusal is null and found_id is null
  )`;

/**
 * Makes runs with all that a trigger can say. Runs that can't be made, or were made before, are left out and named. A key, a
 * place or a wait that another transaction takes meanwhile fails the whole statement; the next try finds what that one made. Comes
 * after {@link lockParents} and {@link forgetExpiredKeys} in one transaction. Locks: the keys it inserts, in their order.
 *
 * @param runs - runs of any environments, no two of which have a key, a place or a wait in common
 * @returns the statement; its rows are those of `insertRuns`, and one with `id` for each run that was not made, either with its
 *   `refusal` or with `found_id`, whether that is joined to the parent's wait (`is_joined`) and whether it is of another call (`is_cached`)
 */
export function insertRunsWithOptions(runs: readonly NewRun[]): Statement {
  return {
    name: "runs_insert_with_options",
    text: `
      with ${input},
      made_queue as (
        insert into queue (environment_id, name)
        select distinct i.environment_id, i.queue_name from input i
        where not exists (select from queue q where q.environment_id = i.environment_id and q.name = i.queue_name)
        order by 1, 2
        on conflict do nothing
      ),
      keyed as (
        insert into idempotency_key (environment_id, task_id, key, run_id, expires_at)
        select environment_id, task_id, idempotency_key, id, now() + key_life_s * interval '1 second'
        from input where idempotency_key is not null order by 1, 2, 3
      ),
      request_keyed as (
        insert into request_key (environment_id, key, run_id, expires_at)
        select environment_id, request_key, id, now() + interval '${requestKeyLife}' from input where request_key is not null
        order by 1, 2
      ),
      placed as (
        insert into batch_item (environment_id, batch_id, index, run_id)
        select environment_id, batch_id, batch_index, id from input where batch_id is not null
      ),
      fired as (
        insert into schedule_fire (environment_id, schedule_id, at, run_id)
        select environment_id, schedule_id, fired_at, id from input where schedule_id is not null
        order by 1, 2, 3
      ),
      stored as (
        insert into run (environment_id, id, task_id, queue_name, payload, payload_type, max_attempts, trace_id, is_test, tags,
                         batch_id, created_at, concurrency_key, parent_run_id, root_run_id, depth, trigger_function, replay_of,
                         delay_until, ttl_s, priority_s, max_duration_s, machine, region, is_version_locked, idempotency_key,
                         idempotency_key_source, idempotency_key_scope, idempotency_key_expires_at, schedule_id, bulk_action_id)
        select environment_id, id, task_id, queue_name, payload, payload_type, max_attempts, trace_id, is_test, tags, batch_id,
               now(), concurrency_key, parent_run_id, root_run_id, depth, trigger_function, replay_of, delay_until, ttl_s,
               priority_s, max_duration_s, machine, region, version_id is not null, idempotency_key, key_source, key_scope,
               now() + key_life_s * interval '1 second', schedule_id, bulk_action_id
        from input
      ),
      described as (
        insert into run_metadata (environment_id, run_id, data)
        select environment_id, id, metadata from input where metadata is not null
      ),
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, concurrency_key, version_id, max_attempts,
                              order_at, due_at, expires_at, parent_run_id, is_awaited, awaited_batch_id, schedule_id)
        select i.environment_id, i.id, i.state, i.task_id, i.queue_name, i.concurrency_key, i.version_id, i.attempts,
               case when i.state = 'queued' then now() - i.priority_s * interval '1 second' end,
               case when i.state = 'delayed' then i.delay_until end, i.expires_at, i.parent_run_id, i.wait is not null,
               case when b.is_awaited then i.batch_id end, i.schedule_id
        from input i
        left join batch b on b.environment_id = i.environment_id and b.id = i.batch_id
      ),
      waited as (
        insert into waitpoint (environment_id, id, kind) select environment_id, id, 'run' from input where wait is not null
      ),
      opened as (
        insert into run_wait (environment_id, run_id, key, waitpoint_id)
        select environment_id, parent_run_id, wait, id from input where wait is not null
      ),
      progressed as (
        update live_run l set lost_count = 0 from (select distinct environment_id, parent_run_id from input where wait is not null) i
        where l.environment_id = i.environment_id and l.run_id = i.parent_run_id and l.lost_count > 0
      ),
      queued as (
        select environment_id, queue_name, concurrency_key, version_id, now() - priority_s * interval '1 second' as order_at
        from input where state = 'queued'
      ),
      woken as (${wakeLanesOf("queued")}
      )
      select environment_id, null::uuid as id, bool_or(state = 'pending_version') as is_pending,
             extract(epoch from min(least(expires_at, case when state = 'delayed' then delay_until end)) - now())::float8 * 1000
               as next_due_in_ms,
             null as refusal, null::uuid as found_id, null::boolean as is_joined, null::boolean as is_cached
      from input group by environment_id
      union all
      select environment_id, id, null, null, refusal, found_id, joined_id is not null,
             joined_id is null and repeated_id is null
      from judged where refusal is not null or found_id is not null`,
    values: [JSON.stringify(runs.map(record))],
  };
}
