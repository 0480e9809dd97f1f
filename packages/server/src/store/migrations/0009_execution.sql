-- breaking: no (adds only)

-- Counts the changes of the environment's variables, so that hosts can tell whether they have them as they are. A claim reads it
-- with the environment's limits.
alter table environment add column env_vars_version int not null default 0;
update environment e set env_vars_version = 1 where exists (select from env_var v where v.environment_id = e.id);

-- What the task of a version does when a run has ended without it: which hooks there are. Null: none.
alter table task
  add column has_failure_hook boolean,
  add column has_cancel_hook boolean;

-- A run that calls the hooks of another one, which has ended without a process that could: what its code is told, as JSON. Null: an
-- ordinary run.
alter table run add column hook text;

-- The runs that ended so, and whose task has a hook for it. Written with the end of the run; hook_run_id is the run that calls
-- the hook, once it is made.
create table end_hook (
  environment_id uuid not null,
  run_id uuid not null,
  kind text not null check (kind in ('onFailure', 'onCancel')),
  hook_run_id uuid,
  created_at timestamptz not null default now(),
  primary key (environment_id, run_id)
);
create index end_hook_to_make on end_hook (created_at) where hook_run_id is null;
create index end_hook_expiry on end_hook (created_at);

-- Whether hooks of the runs are called that it cancels before they have begun.
alter table bulk_action add column runs_hooks boolean not null default false;
