import type { ClaimRequest, NewRun } from "../../engine/ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";
import { requestValues } from "./claim-plain.ts";
import { debounceColumns, debouncedCalls, debounceRecord, lockDebounced, pushDebounced } from "./debounce.ts";
import { requestKeyLife, taskOf } from "./insert.ts";
import { isClaimOf, lockLiveRuns } from "./join-run.ts";
import { wakeLanesOf } from "./lane-wake.ts";
import { scopeOf } from "./lanes.ts";
import { holdOf, judgeNew, takeNew, takenClaim, takenColumns, takenValues } from "./take-new.ts";

/**
 * Locks the live rows of the parents under whose claims runs are to be made, so that no claim is lost between the look at it and
 * the commit, and the delayed runs that calls with a debounce may push. Locks: the rows, in the order of their ids.
 *
 * @param runs - runs about to be made
 * @returns the statements: none without such parents or debounce
 */
export function lockBefore(runs: readonly NewRun[]): readonly Statement[] {
  const parents = new Map<string, string>();
  for (const run of runs) {
    if (run.parent !== null && run.parent.claim !== null) parents.set(run.parent.runId, run.environmentId);
  }
  if (runs.some((run) => run.debounce !== null)) return [lockDebounced(runs, parents)];
  return parents.size === 0 ? [] : [lockLiveRuns(parents)];
}

/**
 * Forgets those of the runs' idempotency keys that have expired, so that the next statement can take them, and those of calls that
 * joined a run which has failed since. Locks: the keys, in their order.
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
          where k.expires_at <= now() or k.is_shared and exists (
            select from run r
            where r.environment_id = k.environment_id and r.id = k.run_id and r.outcome not in ('completed', 'canceled')
          )
          order by 1, 2, 3
          for update of k
        )
        delete from idempotency_key k using expired e
        where k.environment_id = e.environment_id and k.task_id = e.task_id and k.key = e.key`,
      values: [
        plainArray(keyed.map((run) => run.environmentId)),
        textArray(keyed.map((run) => run.taskId)),
        textArray(keyed.map((run) => run.idempotency?.key ?? null)),
      ],
    },
  ];
}

/** What {@link input} reads, as a record of JSON. */
function record(run: NewRun, position: number): Record<string, unknown> {
  const { delay, idempotency, parent } = run;
  return {
    position,
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
    ...debounceRecord(run),
  };
}

/**
 * The runs with what they refer to. A run that is waited for, alone or with its batch, is pinned to its parent's version, if that has its task. What was
 * made before by the same call (its wait, its request key, its place in a batch, its fire) or by another with its idempotency key is in `found_id`.
 */
const judgedCalls = (isDebounced: boolean, calls: string) => `
  given as materialized (
    select * from json_to_recordset(${calls}::json) as g(
      position int, ${isDebounced ? `${debounceColumns},` : ""}
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
             when (g.wait is not null or g.trigger_function = 'batchTriggerAndWait') and pt.id is not null then pl.version_id
           end as version_id
    from given g
    left join lateral (
      select r.id, r.outcome, r.root_run_id, r.depth from run r
      where r.environment_id = g.environment_id and r.id = g.parent_run_id offset 0
    ) p on true
    left join lateral (
      select l.fence, l.host_id, l.state, l.version_id from live_run l
      where l.environment_id = g.environment_id and l.run_id = g.parent_run_id offset 0
    ) pl on true
    left join lateral ${taskOf("g.environment_id", "pl.version_id", "g.task_id")} pt on true
    left join lateral (
      select v.id from version v where v.environment_id = g.environment_id and v.label = g.label offset 0
    ) locked on true
  ),
  known as materialized (
    select g.*, t.id is not null as is_known, coalesce(g.own_queue, t.queue_name, 'task/' || g.task_id) as queue_name,
           coalesce(g.max_attempts, t.max_attempts, 3) as attempts,
           coalesce(g.max_duration_s, t.max_duration_s) as longest_s,
           coalesce(g.own_ttl_s, t.ttl_s) as ttl_s,
           coalesce(g.delay_at, now() + g.delay_ms * interval '1 millisecond') as asked_until,
           journal.waitpoint_id as joined_id, coalesce(k.run_id, b.run_id, f.run_id) as repeated_id, ik.run_id as cached_id
    from pinned g
    left join version current on current.environment_id = g.environment_id and current.is_current
    left join lateral ${taskOf("g.environment_id", "coalesce(g.version_id, current.id)", "g.task_id")} t on true
    ${lookUp("journal", "waitpoint_id", "run_wait", "x.run_id = g.parent_run_id and x.key = g.wait")}
    ${lookUp("k", "run_id", "request_key", "x.key = g.request_key")}
    ${lookUp("b", "run_id", "batch_item", "x.batch_id = g.batch_id and x.index = g.batch_index")}
    ${lookUp("f", "run_id", "schedule_fire", "x.schedule_id = g.schedule_id and x.at = g.fired_at")}
    ${lookUp("ik", "run_id", "idempotency_key", "x.task_id = g.task_id and x.key = g.idempotency_key and x.expires_at > now()")}
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
  )`;

/** Joins the row of `g` that has this key, by the index of the key whatever Postgres knows of the table: it is never walked over. */
function lookUp(alias: string, column: string, table: string, key: string): string {
  return `left join lateral (
      select x.${column} from ${table} x where x.environment_id = g.environment_id and ${key} offset 0
    ) ${alias} on true`;
}

/** The runs to make, of the calls that {@link judgedCalls} neither refuses nor finds a run for. */
const input = `
  input as materialized (
    select j.*, j.asked_until as delay_until, j.id as run_id, j.wait is not null as is_awaited, ${stateAt("j.asked_until")}
    from judged j where refusal is null and found_id is null
  )`;

/** As {@link input}, of which the first runs are claimed. */
const takenInput = `
  ${scopeOf("$6")},
  draft as materialized (
    select j.*, j.asked_until as delay_until, j.id as run_id, j.wait is not null as is_awaited, ${stateAt("j.asked_until", "first_")},
           q.is_held_back
    from judged j
    left join lateral ${holdOf("j.queue_name")} q on true
    where refusal is null and found_id is null
  ),${judgeNew("draft")},
  input as materialized (
    select i.*, case when not i.is_started then i.first_expires_at end as expires_at,
           coalesce(i.version_id, case when i.is_claimed then (select current_version_id from scope) end) as taken_version_id
    from (${takeNew(
      "draft",
      `case
              when i.first_state <> 'queued' then i.first_state
              when i.version_id is not null and not i.version_id = any ($3::uuid[]) then 'queued'
            end`,
      "i.position",
    )}
    ) i
  )`;

/** As {@link input}, with one run for all calls that share a debounce key; `source_id` is the call that says what it executes. */
const debouncedInput = `
  ${debouncedCalls},
  input as materialized (
    select j.*, coalesce(s.due_at, j.asked_until) as delay_until, coalesce(s.is_awaited, j.wait is not null) as is_awaited,
           coalesce(s.source_id, j.id) as source_id, ${stateAt("coalesce(s.due_at, j.asked_until)")}
    from judged j left join shared s on s.leader_id = j.id
    where refusal is null and found_id is null and (j.debounce_key is null or s.leader_id is not null)
  )`;

function stateAt(dueAt: string, prefix = ""): string {
  return `
           case when not is_known then 'pending_version' when ${dueAt} > now() then 'delayed' else 'queued' end as ${prefix}state,
           greatest(${dueAt}, now()) + nullif(ttl_s, 0) * interval '1 second' as ${prefix}expires_at`;
}

const orderAt = "now() - i.priority_s * interval '1 second'";

/** What is different in the statements that make runs with options. */
interface InsertForm {
  readonly name: string;
  /** The parameter with the calls. */
  readonly calls: string;
  /** The common table expression `input`, and what it needs. */
  readonly input: string;
  readonly versionId: string;
  /** Further columns of `live_run`, and their values. */
  readonly columns: string;
  readonly values: string;
  /** Further columns of the rows of environments, and of those of runs that were not made. */
  readonly claim: string;
  readonly noClaim: string;
}

const usualForm: InsertForm = {
  name: "runs_insert_with_options",
  calls: "$1",
  input,
  versionId: "i.version_id",
  columns: "",
  values: "",
  claim: "",
  noClaim: "",
};

const debouncedForm: InsertForm = {
  ...usualForm,
  name: "runs_insert_debounced",
  input: `${debouncedInput},${pushDebounced}`,
};

const claimingForm: InsertForm = {
  name: "runs_insert_claimed_with_options",
  calls: "$9",
  input: takenInput,
  versionId: "i.taken_version_id",
  columns: `, ${takenColumns}`,
  values: `, ${takenValues("i", orderAt)}`,
  claim: `, ${takenClaim(", 'maxDurationS', longest_s, 'versionId', version_id, 'rootRunId', root_run_id")}`,
  noClaim: ", null, null",
};

/** Calls that share a run which they do not make; their waits and places lead to it already. */
const unionJoined = `
      union all
      select environment_id, id, null, extract(epoch from due_at - now())::float8 * 1000, null, run_id, true, true from joined`;

/**
 * Makes runs with all that a trigger can say. Runs that can't be made, or were made before, are left out and named. A key, a
 * place or a wait that another transaction takes meanwhile fails the whole statement; the next try finds what that one made. Comes
 * after {@link lockBefore}, {@link forgetExpiredKeys} and, where a run has a debounce, `forgetStaleDebounces` in one transaction.
 * Locks: the keys it inserts, in their order.
 *
 * @param runs - runs of any environments, no two of which have a key, a place or a wait in common; many may share a debounce key
 * @param request - if given, the first runs are claimed as they are made, as by `insertClaimedRuns`, after `lockEnvironment`: how many, and
 *   for which host; the runs are of its environment then, and none has a debounce
 * @returns the statement; its rows are those of `insertRuns`, with the columns of `takenClaim` for a request, and one with `id` for each run
 *   that was not made, either with its `refusal` or with `found_id`, whether that is joined to the parent's wait (`is_joined`) and
 *   whether it is of another call (`is_cached`)
 */
export function insertRunsWithOptions(runs: readonly NewRun[], request?: ClaimRequest): Statement {
  const isDebounced = runs.some((run) => run.debounce !== null);
  const formAlone = isDebounced ? debouncedForm : usualForm;
  const form = request === undefined ? formAlone : claimingForm;
  // Where calls share a run: all calls with the run that each leads to, and whose payload and options a run has.
  const calls = isDebounced ? "calls" : "input";
  const [source, withSource] = isDebounced ? ["s", "input i join judged s on s.id = i.source_id"] : ["i", "input i"];
  return {
    name: form.name,
    text: `
      with ${judgedCalls(isDebounced, form.calls)},
      ${form.input},
      made_queue as (
        insert into queue (environment_id, name)
        select distinct i.environment_id, i.queue_name from input i
        where not exists (select from queue q where q.environment_id = i.environment_id and q.name = i.queue_name)
        order by 1, 2
        on conflict do nothing
      ),
      keyed as (
        insert into idempotency_key (environment_id, task_id, key, run_id, expires_at, is_shared)
        select environment_id, task_id, idempotency_key, run_id, now() + key_life_s * interval '1 second', run_id <> id
        from ${calls} where idempotency_key is not null order by 1, 2, 3
      ),
      request_keyed as (
        insert into request_key (environment_id, key, run_id, expires_at)
        select environment_id, request_key, run_id, now() + interval '${requestKeyLife}' from ${calls} where request_key is not null
        order by 1, 2
      ),
      placed as (
        insert into batch_item (environment_id, batch_id, index, run_id)
        select environment_id, batch_id, batch_index, run_id from ${calls} where batch_id is not null
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
                         idempotency_key_source, idempotency_key_scope, idempotency_key_expires_at, schedule_id, bulk_action_id${isDebounced ? ", debounce_key" : ""})
        select i.environment_id, i.id, i.task_id, i.queue_name, ${source}.payload, ${source}.payload_type, ${source}.max_attempts,
               i.trace_id, i.is_test, ${source}.tags, i.batch_id, now(), i.concurrency_key, i.parent_run_id, i.root_run_id, i.depth,
               i.trigger_function, i.replay_of, i.delay_until, i.ttl_s, i.priority_s, ${source}.max_duration_s, ${source}.machine,
               i.region, i.version_id is not null, i.idempotency_key, i.key_source, i.key_scope,
               now() + i.key_life_s * interval '1 second', i.schedule_id, i.bulk_action_id${isDebounced ? ", i.debounce_key" : ""}
        from ${withSource}
      ),
      described as (
        insert into run_metadata (environment_id, run_id, data)
        select i.environment_id, i.id, ${source}.metadata from ${withSource} where ${source}.metadata is not null
      ),
      live as (
        insert into live_run (environment_id, run_id, state, task_id, queue_name, concurrency_key, version_id, max_attempts,
                              order_at, due_at, expires_at, parent_run_id, is_awaited, awaited_batch_id, schedule_id
                              ${form.columns})
        select i.environment_id, i.id, i.state, i.task_id, i.queue_name, i.concurrency_key,
               ${form.versionId}, ${source}.attempts, case when i.state = 'queued' then ${orderAt} end,
               case when i.state = 'delayed' then i.delay_until end, i.expires_at, i.parent_run_id, i.is_awaited,
               case when b.is_awaited then i.batch_id end, i.schedule_id${form.values}
        from ${withSource}
        left join batch b on b.environment_id = i.environment_id and b.id = i.batch_id
      ),
      waited as (
        insert into waitpoint (environment_id, id, kind)
        ${isDebounced ? "select distinct" : "select"} environment_id, run_id, 'run' from ${calls} where wait is not null
        ${isDebounced ? `order by 1, 2 on conflict (environment_id, id) do update set kind = excluded.kind -- locks it, against being forgotten` : ""}
      ),
      opened as (
        insert into run_wait (environment_id, run_id, key, waitpoint_id)
        select environment_id, parent_run_id, wait, run_id from ${calls} where wait is not null
      ),
      progressed as (
        update live_run l set lost_count = 0
        from ${calls} c
        where c.wait is not null and l.environment_id = c.environment_id and l.run_id = c.parent_run_id and l.lost_count > 0
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
             ${form.claim}
      from input group by environment_id
      union all
      select environment_id, id, null, null, refusal, found_id, joined_id is not null,
             joined_id is null and repeated_id is null${form.noClaim}
      from judged where refusal is not null or found_id is not null
      ${isDebounced ? unionJoined : ""}`,
    values: [...(request === undefined ? [] : requestValues(request)), JSON.stringify(runs.map(record))],
  };
}
