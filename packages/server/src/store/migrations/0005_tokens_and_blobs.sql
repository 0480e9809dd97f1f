-- breaking: no (older servers do not use it)

-- A public token for one use, once it was used. The call that used it may be repeated with its request key.
create table used_token (
  hash bytea primary key,
  request_key text,
  expires_at timestamptz not null
);
create index used_token_expiry on used_token using brin (expires_at);

-- Payloads on their way, which are too long for the request that triggers: it names the path, and the run gets the text of the packet.
-- Forgotten after a day.
create table blob (
  environment_id uuid not null references environment,
  path text not null,
  content_type text not null,
  data text not null,
  created_at timestamptz not null default now(),
  primary key (environment_id, path)
);
alter table blob alter column data set storage external;
create index blob_created on blob using brin (created_at);
