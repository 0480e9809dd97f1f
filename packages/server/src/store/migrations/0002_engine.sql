-- breaking: yes (queued runs need lanes, and held ones a booking)

-- ── runs: what a trigger may say ──

alter table run
  add column concurrency_key text not null default '',
  add column parent_run_id uuid,
  add column root_run_id uuid,
  add column depth smallint not null default 0,
  add column trigger_function text not null default 'trigger'
    check (trigger_function in ('trigger', 'triggerAndWait', 'batchTrigger', 'batchTriggerAndWait')),
  add column replay_of uuid,
  add column delay_until timestamptz,
  add column ttl_s double precision,
  add column priority_s double precision not null default 0,
  add column max_duration_s double precision,
  add column machine text,
  add column region text,
  add column is_version_locked boolean not null default false,
  add column idempotency_key text,
  add column idempotency_key_source text,
  add column idempotency_key_scope text check (idempotency_key_scope in ('run', 'attempt', 'global')),
  add column idempotency_key_expires_at timestamptz;
create index run_by_parent on run (environment_id, parent_run_id, id) where parent_run_id is not null;

create table run_metadata (
  environment_id uuid not null,
  run_id uuid not null,
  data text not null,
  primary key (environment_id, run_id)
);
comment on table run_metadata is 'What changes often and is wide: apart from the run, as JSON text.';

create table idempotency_key (
  environment_id uuid not null,
  task_id text not null,
  key text not null,
  run_id uuid not null,
  expires_at timestamptz not null,
  primary key (environment_id, task_id, key)
);
create index idempotency_key_expiry on idempotency_key using brin (expires_at);
comment on table idempotency_key is 'Which run a key stands for; a run that failed or expired has no row.';

-- ── live runs: slots, waits and limits ──

-- booked_at: since when a run holds a slot, or waits to take its slot again (resuming). Only a transaction that has the
-- environment's lock gives a slot, and never before dispatch.booked_from: so counting starts there, and not at the entries of
-- runs long gone.
alter table live_run
  add column concurrency_key text not null default '',
  add column holds_slot boolean not null default false,
  add column booked_at timestamptz,
  add column is_limited boolean not null default false,
  add column expires_at timestamptz,
  add column parent_run_id uuid,
  add column is_awaited boolean not null default false,
  add column awaited_batch_id uuid,
  add column is_recovering boolean not null default false,
  add column is_cancel_requested boolean not null default false;
update live_run set holds_slot = true, booked_at = now() where host_id is not null;
alter table live_run
  drop constraint live_run_check2, -- (claimed, executing, cancelling) = (host_id is not null)
  drop constraint live_run_check3;
alter table live_run
  add constraint live_run_host check ((state in ('claimed', 'executing', 'waiting', 'resuming', 'cancelling')) = (host_id is not null)),
  add constraint live_run_attempt check (
    (state in ('executing', 'waiting', 'resuming', 'cancelling')) <= (version_id is not null and attempt > 0 and attempt_started_at is not null)),
  add constraint live_run_slot check (
    (state in ('claimed', 'executing')) <= holds_slot and holds_slot <= (state in ('claimed', 'executing', 'cancelling'))),
  add constraint live_run_booking check ((booked_at is not null) = (holds_slot or state = 'resuming'));
drop index live_run_queued;
drop index live_run_held;
drop index live_run_pending;
create index live_run_queued on live_run
  (environment_id, queue_name, concurrency_key, (coalesce(version_id, '00000000-0000-0000-0000-000000000000'::uuid)), order_at, run_id)
  where order_at is not null;
create index live_run_booked on live_run (environment_id, booked_at) include (queue_name, concurrency_key) where holds_slot;
-- Every run that holds a slot of a queue with a limit is limited: so these are counted for each key.
create index live_run_limited on live_run (environment_id, queue_name, concurrency_key, booked_at) where is_limited and holds_slot;
create index live_run_resuming on live_run (environment_id, booked_at) include (host_id, queue_name, concurrency_key)
  where booked_at is not null and not holds_slot;
create index live_run_by_host on live_run (environment_id, host_id) where host_id is not null;
create index live_run_pending on live_run (environment_id, task_id) where order_at is null and due_at is null and host_id is null;
create index live_run_expiry on live_run (expires_at) where expires_at is not null;
create index live_run_by_parent on live_run (environment_id, parent_run_id) where parent_run_id is not null;
create index live_run_of_batch on live_run (environment_id, awaited_batch_id) where awaited_batch_id is not null;

-- ── queues and lanes ──

-- concurrency_limit holds for each concurrency key, combined_limit for all of them together.
alter table queue
  add column id uuid not null default gen_random_uuid(),
  add column combined_limit int check (combined_limit >= 0),
  add column limit_override int check (limit_override >= 0),
  add column overridden_at timestamptz;
create unique index queue_id on queue (environment_id, id);

-- A lane holds order only, never a count: where its first run may stand (head_at, a lower bound), when it was last served,
-- and whether a claim should look at it. Only a transaction that has the environment's lock writes lanes.
create table lane (
  environment_id uuid not null,
  queue_name text not null,
  concurrency_key text not null,
  version_id uuid not null,
  standing text not null check (standing in ('ready', 'empty', 'at_limit', 'queue_closed')),
  head_at timestamptz not null,
  served_at timestamptz not null,
  primary key (environment_id, queue_name, concurrency_key, version_id)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
create index lane_ready on lane (environment_id, served_at) where standing = 'ready';
create index lane_closed on lane (environment_id, queue_name, served_at) where standing = 'queue_closed';

-- What others tell the next claim: a run was queued in a lane (order_at), or a slot under a limit came free. Rows are only
-- inserted, and deleted by a claim: so nobody waits for anybody.
create table lane_wake (
  environment_id uuid not null,
  at timestamptz not null default clock_timestamp(),
  queue_name text not null,
  concurrency_key text not null,
  version_id uuid,
  order_at timestamptz
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_insert_threshold = -1,
        autovacuum_vacuum_cost_delay = 0);
create index lane_wake_at on lane_wake (environment_id, at);

-- Where a claim begins to look, one row for each environment, written under its lock and at most a few times a second. What
-- lies before is gone; a transaction that is held open keeps its entries in the indexes, and no claim walks over them. Its own
-- row is found from the newest end of an index, for the same reason.
create table dispatch (
  environment_id uuid not null references environment,
  -- No run that holds a slot was booked before.
  booked_from timestamptz not null default '-infinity',
  -- No run that is resuming was booked before, unless it was by a transaction that took a minute: the sweep finds that.
  resuming_from timestamptz not null default '-infinity',
  -- No ready lane was served before.
  served_from timestamptz not null default '-infinity',
  -- Words of lane_wake from before have been read, unless their transaction took longer than a few seconds: the sweep finds those.
  woken_from timestamptz not null default '-infinity',
  updated_at timestamptz not null
);
create index dispatch_newest on dispatch (environment_id, updated_at desc);

insert into lane_wake (environment_id, queue_name, concurrency_key, version_id, order_at)
select environment_id, queue_name, concurrency_key, coalesce(version_id, '00000000-0000-0000-0000-000000000000'::uuid), min(order_at)
from live_run where order_at is not null group by 1, 2, 3, 4;

-- ── hosts ──

-- Counts the connections of a host: a claim for an earlier one, which a server may still take for open, brings nothing.
create sequence host_connection as int cycle;
alter table host add column connection int not null default nextval('host_connection');

-- ── waits ──

-- The id of a waitpoint for a run is the run's, for a batch the batch's; their results are read from the runs.
create table waitpoint (
  environment_id uuid not null,
  id uuid not null,
  kind text not null check (kind in ('time', 'token', 'run', 'batch')),
  due_at timestamptz,
  completed_at timestamptz,
  is_timeout boolean not null default false,
  output text,
  output_type text,
  tags text[],
  idempotency_key text,
  idempotency_key_expires_at timestamptz,
  created_at timestamptz not null default now(),
  primary key (environment_id, id)
) with (fillfactor = 80);
create index waitpoint_due on waitpoint (due_at) where completed_at is null and due_at is not null;
create index waitpoint_token on waitpoint (environment_id, id) where kind = 'token';
create unique index waitpoint_idempotency_key on waitpoint (environment_id, idempotency_key) where idempotency_key is not null;

-- Which waits a run has opened, each under a key that its code arrives at again after a loss: "time#2" is its second wait
-- for a time. An ordinary retry starts with none.
create table run_wait (
  environment_id uuid not null,
  run_id uuid not null,
  key text not null,
  waitpoint_id uuid not null,
  is_awaited boolean not null default false,
  primary key (environment_id, run_id, key)
) with (fillfactor = 80);
create index run_wait_waitpoint on run_wait (environment_id, waitpoint_id);

-- ── batches ──

alter table batch
  add column parent_run_id uuid,
  add column is_awaited boolean not null default false,
  add column idempotency_key text,
  add column idempotency_key_expires_at timestamptz,
  add column last_item_at timestamptz not null default now(),
  add column aborted_at timestamptz;
create unique index batch_idempotency_key on batch (environment_id, idempotency_key) where idempotency_key is not null;
create index batch_unsealed on batch (last_item_at) where sealed_at is null and aborted_at is null;
alter table batch_item
  alter column run_id drop not null,
  add column task_id text,
  add column error text,
  add column error_code text,
  add check ((run_id is null) = (error is not null));

alter table task add column ttl_s double precision;
