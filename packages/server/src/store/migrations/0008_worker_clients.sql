-- breaking: no (adds only)

create table personal_token (
  id uuid primary key,
  hash bytea not null unique,
  -- The one environment that it opens; null: all of the installation.
  environment_id uuid references environment,
  name text not null,
  -- Its last characters, by which its holder recognises it.
  ending text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz
);
comment on table personal_token is 'What a person or a CI job shows instead of an environment''s key; found by its SHA-256, and kept nowhere.';

create table login_request (
  code_hash bytea primary key,
  -- Of the code that the server prints where only its operator reads it.
  confirmation_hash bytea not null,
  -- SHA-256 of a text that only the program knows which asks, in base64url (PKCE).
  challenge text not null,
  -- Where that program listens on its own machine for the approval; null: a person brings it there.
  callback_port int check (callback_port between 1 and 65535),
  approval_hash bytea,
  failures smallint not null default 0,
  expires_at timestamptz not null
);
comment on table login_request is 'A program waits to be given a personal token; at most twenty at a time, each for ten minutes.';
create index login_request_expiry on login_request (expires_at);
