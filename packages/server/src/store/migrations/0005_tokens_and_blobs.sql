-- breaking: no (older servers do not use it)

-- A public token for one use, once it was used. The call that used it may be repeated with its request key.
create table used_token (
  hash bytea primary key,
  request_key text,
  expires_at timestamptz not null
);
create index used_token_expiry on used_token using brin (expires_at);

-- Payloads that are too long to travel in a request. A run refers to its blob by the path; the data is the text of a packet, which
-- is there in whole or not at all.
create table blob (
  environment_id uuid not null references environment,
  path text not null,
  content_type text not null,
  data text not null,
  created_at timestamptz not null default now(),
  primary key (environment_id, path)
);
alter table blob alter column data set storage external;
