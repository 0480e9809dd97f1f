-- breaking: no (older servers do not use it)

create table env_var (
  environment_id uuid not null references environment,
  name text not null,
  ciphertext bytea not null,
  -- A secret's value is shown to nobody but the processes of runs.
  is_secret boolean not null default false,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  primary key (environment_id, name)
);
comment on table env_var is 'Environment variables of an environment''s run processes, encrypted.';
