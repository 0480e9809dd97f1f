-- breaking: yes (the first schema)

create table installation (
  name text primary key,
  value text not null
);
comment on table installation is 'Facts about this installation: the check value of the encryption key, among others.';

create table project (
  id uuid primary key,
  ref text not null unique,
  name text not null,
  created_at timestamptz not null default now()
);

create table environment (
  id uuid primary key,
  project_id uuid not null references project,
  slug text not null,
  type text not null check (type in ('DEVELOPMENT', 'STAGING', 'PREVIEW', 'PRODUCTION')),
  concurrency_limit int not null default 1000 check (concurrency_limit >= 0),
  is_paused boolean not null default false,
  created_at timestamptz not null default now(),
  unique (project_id, slug)
);

create table api_key (
  hash bytea primary key,
  environment_id uuid not null references environment,
  ciphertext bytea not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
comment on table api_key is 'A key is found by its SHA-256 and kept encrypted, since it also signs public tokens.';
create index api_key_environment on api_key (environment_id);

create table version (
  environment_id uuid not null references environment,
  id uuid not null,
  label text not null,
  content_hash text not null,
  is_current boolean not null,
  process_keep_alive boolean not null,
  created_at timestamptz not null default now(),
  primary key (environment_id, id),
  unique (environment_id, label),
  unique (environment_id, content_hash)
);
create unique index version_current on version (environment_id) where is_current;

create table task (
  environment_id uuid not null,
  version_id uuid not null,
  id text not null,
  file_path text not null,
  export_name text,
  description text,
  queue_name text not null,
  retry jsonb not null,
  max_duration_s double precision,
  machine text,
  primary key (environment_id, version_id, id),
  foreign key (environment_id, version_id) references version on delete cascade
);

create table queue (
  environment_id uuid not null references environment,
  name text not null,
  concurrency_limit int check (concurrency_limit >= 0),
  is_paused boolean not null default false,
  created_at timestamptz not null default now(),
  primary key (environment_id, name)
);

-- What a run is and how it ended; max_attempts only where its trigger asked for it. The columns written at the finish are in no index, so that finishing is a HOT update.
create table run (
  environment_id uuid not null,
  id uuid not null,
  task_id text not null,
  queue_name text not null,
  payload text,
  payload_type text not null,
  max_attempts smallint check (max_attempts between 1 and 250),
  trace_id text not null,
  is_test boolean not null default false,
  tags text[],
  batch_id uuid,
  created_at timestamptz not null,
  outcome text check (outcome in ('completed', 'failed', 'crashed', 'system_failure', 'canceled', 'expired', 'timed_out')),
  version_id uuid,
  attempt_count smallint,
  started_at timestamptz,
  finished_at timestamptz,
  duration_ms double precision,
  output text,
  output_type text,
  error text,
  primary key (environment_id, id),
  check ((outcome is null) = (finished_at is null)),
  check ((outcome is null) = (attempt_count is null)),
  check (outcome is null or outcome = 'completed' or error is not null),
  check (output is null or outcome = 'completed')
) partition by range (id);
create index run_by_task on run (environment_id, task_id, id);

-- Only runs that have not finished; claiming, counting and rescuing touch nothing else. A queued run stands in its queue at
-- order_at; a claim moves that to claimed_order_at, so that a run which is given back stands where it stood.
create table live_run (
  environment_id uuid not null,
  run_id uuid not null,
  state text not null check (state in
    ('pending_version', 'delayed', 'queued', 'claimed', 'executing', 'waiting', 'resuming', 'cancelling')),
  task_id text not null,
  queue_name text not null,
  version_id uuid,
  attempt smallint not null default 0,
  max_attempts smallint not null,
  order_at timestamptz,
  claimed_order_at timestamptz,
  due_at timestamptz,
  host_id uuid,
  fence int not null default 0,
  started_at timestamptz,
  attempt_started_at timestamptz,
  duration_ms double precision not null default 0,
  lost_count smallint not null default 0,
  primary key (environment_id, run_id),
  check ((state = 'queued') = (order_at is not null)),
  check ((state = 'delayed') = (due_at is not null)),
  check ((state in ('claimed', 'executing', 'cancelling')) = (host_id is not null)),
  check ((state in ('executing', 'cancelling')) <= (version_id is not null and attempt > 0 and attempt_started_at is not null))
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000,
        autovacuum_analyze_scale_factor = 0.2, autovacuum_vacuum_cost_delay = 0);
-- No index mentions "state": a start changes no indexed column and is a HOT update.
create index live_run_queued on live_run (environment_id, queue_name, order_at, run_id) where order_at is not null;
create index live_run_held on live_run (environment_id, queue_name) where host_id is not null;
create index live_run_due on live_run (due_at) where due_at is not null;
create index live_run_pending on live_run (environment_id, task_id) where order_at is null and due_at is null and host_id is null;
-- An environment alone is never selective: keeps plans made on a small table from walking a large one.
alter table live_run alter column environment_id set (n_distinct = 1);

create table attempt (
  environment_id uuid not null,
  run_id uuid not null,
  number smallint not null,
  version_id uuid not null,
  started_at timestamptz not null,
  failed_at timestamptz not null,
  error text not null,
  primary key (environment_id, run_id, number)
);
comment on table attempt is 'Only attempts that failed: one that succeeded is told by its run.';

create table run_failure (
  environment_id uuid not null,
  run_id uuid not null,
  task_id text not null,
  outcome text not null check (outcome <> 'completed'),
  primary key (environment_id, run_id)
);
comment on table run_failure is 'Insert-only index of runs that ended without success, for lists.';

create table request_key (
  environment_id uuid not null,
  key text not null,
  run_id uuid not null,
  expires_at timestamptz not null,
  primary key (environment_id, key)
);
create index request_key_expiry on request_key using brin (expires_at);

create table batch (
  environment_id uuid not null,
  id uuid not null,
  run_count int not null check (run_count > 0),
  request_key text,
  created_at timestamptz not null default now(),
  sealed_at timestamptz,
  primary key (environment_id, id),
  unique (environment_id, request_key)
);

create table batch_item (
  environment_id uuid not null,
  batch_id uuid not null,
  index int not null check (index >= 0),
  run_id uuid not null,
  primary key (environment_id, batch_id, index)
);

create table host (
  id uuid primary key,
  environment_id uuid not null references environment,
  name text not null,
  version_ids uuid[] not null default '{}',
  lease_expires_at timestamptz not null,
  connected_at timestamptz not null default now()
) with (fillfactor = 70);
create index host_lease on host (lease_expires_at);

create table telemetry (
  environment_id uuid not null,
  run_id uuid not null,
  at timestamptz not null,
  kind text not null check (kind in ('log', 'span')),
  attempt smallint not null,
  span_id text not null,
  parent_span_id text,
  level text not null,
  message text not null,
  duration_ms double precision,
  is_error boolean not null default false,
  attributes text
) partition by range (at);
create index telemetry_by_run on telemetry (environment_id, run_id, at);
