-- breaking: yes (lanes may be closed by a rate, which older servers do not open)

-- ── schedules ──

-- next_at is the nominal time of the next fire: null where there is none any more. due_at is when a server has to look at the
-- schedule: at its next fire, shifted by its window; a server that takes it moves it on for the time that it may need, so that
-- another one goes on where it dies. Null while the schedule is not active or was set aside: nothing can execute its task, or no
-- host is connected to its environment of development.
create table schedule (
  environment_id uuid not null references environment,
  id uuid not null,
  type text not null check (type in ('declarative', 'imperative')),
  task_id text not null,
  cron text not null,
  timezone text not null,
  fire_window text,
  deduplication_key text,
  external_id text,
  catch_up text not null default 'skip' check (catch_up in ('skip', 'last', 'all')),
  overlap text not null default 'allow' check (overlap in ('allow', 'skip', 'cancel')),
  is_active boolean not null default true,
  next_at timestamptz,
  due_at timestamptz,
  last_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (environment_id, id),
  check ((type = 'imperative') = (deduplication_key is not null)),
  check ((due_at is not null) <= (is_active and next_at is not null))
) with (fillfactor = 70);
create unique index schedule_deduplication_key on schedule (environment_id, deduplication_key) where type = 'imperative';
create unique index schedule_declared on schedule (environment_id, task_id) where type = 'declarative';
create index schedule_due on schedule (due_at) where due_at is not null;
create index schedule_set_aside on schedule (environment_id, id) where is_active and due_at is null and next_at is not null;

create table schedule_fire (
  environment_id uuid not null,
  schedule_id uuid not null,
  at timestamptz not null,
  run_id uuid not null,
  created_at timestamptz not null default now(),
  primary key (environment_id, schedule_id, at)
);
comment on table schedule_fire is 'Which run a fire of a schedule made: no fire makes two. Forgotten after days.';
create index schedule_fire_created on schedule_fire (created_at);

-- Whether the task was defined to be run by schedules.
alter table task
  add column is_scheduled boolean not null default false;

alter table run
  add column schedule_id uuid,
  add column bulk_action_id uuid;
create index run_by_schedule on run (environment_id, schedule_id, id) where schedule_id is not null;
alter table live_run
  add column schedule_id uuid;
create index live_run_of_schedule on live_run (environment_id, schedule_id) where schedule_id is not null;

-- ── rates ──

-- A rate is a number of starts (limit) in a time (period, in milliseconds), of which some may come at once (burst). rate_… holds
-- for each concurrency key, combined_rate_… for all of them together; both are as the code declares them. rate_override is set at
-- run time: an object with rateLimit, combinedRateLimit or both, each a rate or null for none; what it leaves out stays as declared.
alter table queue
  add column rate_limit int check (rate_limit > 0),
  add column rate_period_ms int check (rate_period_ms > 0),
  add column rate_burst int check (rate_burst > 0),
  add column combined_rate_limit int check (combined_rate_limit > 0),
  add column combined_rate_period_ms int check (combined_rate_period_ms > 0),
  add column combined_rate_burst int check (combined_rate_burst > 0),
  add column rate_override jsonb,
  add column rate_overridden_at timestamptz,
  add constraint queue_rate check (num_nulls(rate_limit, rate_period_ms, rate_burst) in (0, 3)),
  add constraint queue_combined_rate
    check (num_nulls(combined_rate_limit, combined_rate_period_ms, combined_rate_burst) in (0, 3)),
  add constraint queue_rate_override check ((rate_override is null) = (rate_overridden_at is null));
-- What holds now, for claims: the time between two starts, and how many may come at once. Null: no rate.
alter table queue
  add column interval_ms double precision generated always as (case
    when rate_override ? 'rateLimit' then (rate_override #>> '{rateLimit,period}')::float8 / (rate_override #>> '{rateLimit,limit}')::float8
    else rate_period_ms::float8 / rate_limit end) stored,
  add column burst int generated always as (case
    when rate_override ? 'rateLimit' then (rate_override #>> '{rateLimit,burst}')::int else rate_burst end) stored,
  add column combined_interval_ms double precision generated always as (case
    when rate_override ? 'combinedRateLimit'
    then (rate_override #>> '{combinedRateLimit,period}')::float8 / (rate_override #>> '{combinedRateLimit,limit}')::float8
    else combined_rate_period_ms::float8 / combined_rate_limit end) stored,
  add column combined_burst int generated always as (case
    when rate_override ? 'combinedRateLimit' then (rate_override #>> '{combinedRateLimit,burst}')::int
    else combined_rate_burst end) stored;

-- When the bucket of a concurrency key, or of all keys of a queue together (is_combined, with no key), is full again: a claim moves
-- it on by the interval for each start it gives. Without a row it is full. Only a transaction that has the environment's lock
-- writes it, which also makes it one row each; that row is found from the newest end of the index, as that of dispatch.
create table rate_bucket (
  environment_id uuid not null,
  queue_name text not null,
  is_combined boolean not null,
  concurrency_key text not null,
  full_at timestamptz not null,
  check (not is_combined or concurrency_key = '')
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_cost_delay = 0);
create index rate_bucket_newest on rate_bucket (environment_id, queue_name, is_combined, concurrency_key, full_at desc);

-- A lane without a token is closed until opens_at.
alter table lane
  add column opens_at timestamptz,
  drop constraint lane_standing_check,
  add constraint lane_standing_check check (standing in ('ready', 'empty', 'at_limit', 'at_rate', 'queue_closed')),
  add constraint lane_opens_at check ((standing = 'at_rate') = (opens_at is not null));
create index lane_at_rate on lane (environment_id, opens_at) where standing = 'at_rate';
-- No lane that is closed by a rate opens before.
alter table dispatch
  add column opens_from timestamptz not null default '-infinity';

-- ── ordered queues ──

-- A run that has begun in a queue that executes one at a time, and is to be attempted again, keeps its place: those that stand
-- behind it in its queue and key wait, whatever their version. Where it stands is order_at, or claimed_order_at while it is delayed.
alter table live_run
  add column keeps_place boolean not null default false,
  add constraint live_run_place check (not keeps_place or state = 'queued' or state = 'delayed' and claimed_order_at is not null);
create index live_run_keeping_place on live_run (environment_id, queue_name, concurrency_key) where keeps_place;

-- ── debounce ──

-- The run that later triggers of the same task and key push on, while it is delayed: counted from first_at, the first of them.
create table debounce (
  environment_id uuid not null,
  task_id text not null,
  key text not null,
  run_id uuid not null,
  first_at timestamptz not null default now(),
  primary key (environment_id, task_id, key)
);
create index debounce_first on debounce using brin (first_at);
alter table run
  add column debounce_key text;
-- The key of a trigger that joined a run which another one made: the run's own key is another, or none.
alter table idempotency_key
  add column is_shared boolean not null default false;

-- ── bulk actions ──

-- First the runs are chosen, a page after the other in the order of their ids (or are named by its caller); then something is done
-- to each, in the same order. due_at is when a server has to go on with it; one that takes it moves that on, so that another one
-- goes on where it dies.
create table bulk_action (
  environment_id uuid not null references environment,
  id uuid not null,
  action text not null check (action in ('cancel', 'replay')),
  name text,
  -- What the runs are chosen by; null where they were named.
  filter jsonb,
  target_region text,
  request_key text,
  status text not null default 'PENDING' check (status in ('PENDING', 'COMPLETED', 'ABORTED')),
  -- Runs with a higher id were made after it.
  last_run_id uuid not null,
  is_chosen boolean not null default false,
  -- The last run that was looked at: first while the runs are chosen, then while something is done to them.
  cursor uuid,
  -- The new runs of the page of a replay that is in work, in the order of the runs that they repeat: planned before any is made.
  planned_run_ids uuid[],
  total int not null default 0,
  succeeded int not null default 0,
  failed int not null default 0,
  due_at timestamptz,
  created_at timestamptz not null default now(),
  completed_at timestamptz,
  primary key (environment_id, id),
  check ((due_at is not null) = (status = 'PENDING')),
  check ((completed_at is not null) = (status <> 'PENDING')),
  check (succeeded + failed <= total)
) with (fillfactor = 70);
create index bulk_action_due on bulk_action (due_at) where due_at is not null;
create unique index bulk_action_request_key on bulk_action (environment_id, request_key) where request_key is not null;

-- The runs that it is about, and what became of each: is_done is null until then, new_run_id the run that a replay has made.
create table bulk_action_run (
  environment_id uuid not null,
  bulk_action_id uuid not null,
  run_id uuid not null,
  is_done boolean,
  new_run_id uuid,
  error text,
  primary key (environment_id, bulk_action_id, run_id),
  check ((error is not null) = (is_done is not null and not is_done))
) with (fillfactor = 70);
-- The runs that it has cancelled or made.
create index bulk_action_run_touched on bulk_action_run (environment_id, bulk_action_id, (coalesce(new_run_id, run_id))) where is_done;
