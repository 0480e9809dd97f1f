-- breaking: no (older servers know nothing of streams)

-- A stream of a run: chunks that the run gives (is_input: records that are sent to it), counted from 0 without a gap.
create table stream (
  environment_id uuid not null references environment,
  run_id uuid not null,
  is_input boolean not null,
  key text not null,
  id uuid not null,
  chunk_count int not null default 0,
  byte_count bigint not null default 0,
  primary key (environment_id, run_id, is_input, key)
) with (fillfactor = 70);
create index stream_made on stream (id);
alter table stream alter column environment_id set (n_distinct = 1);

-- Partitioned by the week in which the stream was made: a partition is dropped whole.
create table stream_chunk (
  environment_id uuid not null,
  stream_id uuid not null,
  seq int not null,
  at timestamptz not null,
  data text not null,
  primary key (environment_id, stream_id, seq)
) partition by range (stream_id);
comment on column stream_chunk.data is 'JSON, in one line.';

-- How far a writer that counts its chunks has come, so that what it sends again is not stored twice.
create table stream_writer (
  environment_id uuid not null,
  stream_id uuid not null,
  client_id text not null,
  next_index int not null,
  primary key (environment_id, stream_id, client_id)
) partition by range (stream_id);

-- A token that the record of this number completes.
alter table waitpoint
  add column input_stream_id uuid,
  add column input_seq int,
  add constraint waitpoint_input check (num_nulls(input_stream_id, input_seq) in (0, 2));
create index waitpoint_of_input on waitpoint (environment_id, input_stream_id, input_seq)
  where input_stream_id is not null and completed_at is null;
