import {
  type AppendOutcome,
  type AppendsOutcome,
  maxStreamBytes,
  type StreamAppend,
  type StreamRecord,
} from "../../engine/stream-ports.ts";
import { type Database, plainArray, type Rows, type Statement, textArray } from "../db.ts";
import { resumeWaiters } from "../runs/completions.ts";
import { transactionAgain } from "../runs/contended.ts";
import { completeInputWaits } from "./input-waits.ts";
import { keepRunsAlive, lockStreams, makeStreams, streamValues } from "./stream-rows.ts";

/**
 * Adds chunks to streams, in one transaction. Locks, each kind in order: live rows of runs that give chunks (shared), streams, then
 * waitpoints and waiting live rows where a record that somebody waits for may have come.
 *
 * @param db - the database
 * @param environmentId - the environment of all of them
 * @param appends - what to add
 * @returns what became of each, and whether runs go on
 */
export async function append(
  db: Database,
  environmentId: string,
  appends: readonly StreamAppend[],
): Promise<AppendsOutcome> {
  if (appends.length === 0) return { outcomes: [], hasResumed: false };
  const hasInput = appends.some(({ isInput }) => isInput);
  const results = await transactionAgain(db, [
    keepRunsAlive(environmentId, appends),
    makeStreams(environmentId, appends),
    lockStreams(environmentId, appends),
    addChunks(environmentId, appends),
    ...(hasInput ? [completeInputWaits(environmentId, appends), resumeWaiters(environmentId)] : []),
  ]);
  const [, , , rows = [], , resumed = []] = results;
  const ofAppend = Map.groupBy(rows, (row) => Number(row.place) - 1);
  return {
    outcomes: appends.map((one, place) => outcomeOf(one, ofAppend.get(place) ?? [])),
    hasResumed: resumed.length > 0,
  };
}

function outcomeOf(one: StreamAppend, rows: Rows): AppendOutcome {
  const [first] = rows;
  if (first === undefined || first.is_live !== true) return { kind: "run_over" };
  if (first.stream_id === null) return { kind: "too_many_streams" };
  const records = rows.flatMap((row): readonly StreamRecord[] => {
    if (row.seq === null) return [];
    // The casts state the column types of the statement.
    return [{ seq: row.seq as number, at: row.at as Date, data: one.chunks[(row.chunk as number) - 1] ?? "" }];
  });
  return first.is_full === true ? { kind: "full", records } : { kind: "appended", records };
}

/**
 * Numbers the chunks that are new and stores them. What finds no room in its stream is left out, with all that follows it there. Locks:
 * what the statements before have locked, and the writers.
 *
 * @param environmentId - the environment
 * @param appends - what to add
 * @returns the statement; it has a row for each chunk that is stored, and one for an append of which nothing is
 */
export function addChunks(environmentId: string, appends: readonly StreamAppend[]): Statement {
  return {
    name: "streams_append",
    text: `
      with given as materialized (
        select g.place, g.client_id, g.first_index, s.id as stream_id, s.chunk_count, s.byte_count,
               coalesce(w.next_index, 0) as next_index, l.run_id is not null as is_live
        from unnest($2::uuid[], $3::bool[], $4::text[], $5::text[], $6::int[])
          with ordinality as g(run_id, is_input, key, client_id, first_index, place)
        left join lateral (
          select live_run.run_id from live_run
          where live_run.environment_id = $1::uuid and live_run.run_id = g.run_id offset 0
        ) l on true
        left join lateral (
          select stream.id, stream.chunk_count, stream.byte_count from stream
          where stream.environment_id = $1::uuid and stream.run_id = g.run_id and stream.is_input = g.is_input
            and stream.key = g.key offset 0
        ) s on true
        left join lateral (
          select stream_writer.next_index from stream_writer
          where stream_writer.environment_id = $1::uuid and stream_writer.stream_id = s.id
            and stream_writer.client_id = g.client_id offset 0
        ) w on g.client_id is not null
      ),
      chunk as materialized (
        select c.place, c.append, c.chunk, c.data, octet_length(c.data) as bytes, g.stream_id, g.client_id, g.chunk_count,
               g.byte_count, g.first_index + c.chunk - 1 as index,
               g.client_id is null or row_number() over (
                 partition by g.stream_id, g.client_id, g.first_index + c.chunk order by c.place
               ) = 1 as is_first
        from unnest($7::int[], $8::int[], $9::text[]) with ordinality as c(append, chunk, data, place)
        join given g on g.place = c.append
        where g.is_live and g.stream_id is not null
          and (g.client_id is null or g.first_index + c.chunk - 1 >= g.next_index)
      ),
      numbered as materialized (
        select c.*, (c.chunk_count + row_number() over placed - 1)::int as seq,
               c.byte_count + sum(c.bytes) over placed as total
        from chunk c where c.is_first
        window placed as (partition by c.stream_id order by c.place)
      ),
      stored as (
        insert into stream_chunk (environment_id, stream_id, seq, at, data)
        select $1::uuid, n.stream_id, n.seq, now(), n.data from numbered n where n.total <= ${maxStreamBytes}
      ),
      grown as (
        update stream s set chunk_count = s.chunk_count + n.chunks, byte_count = s.byte_count + n.bytes
        from (
          select stream_id, count(*) as chunks, sum(bytes) as bytes from numbered where total <= ${maxStreamBytes} group by 1
        ) n
        where s.environment_id = $1::uuid and s.id = n.stream_id
      ),
      counted as (
        insert into stream_writer as w (environment_id, stream_id, client_id, next_index)
        select $1::uuid, n.stream_id, n.client_id, max(n.index) + 1 from numbered n
        where n.client_id is not null and n.total <= ${maxStreamBytes}
        group by 2, 3 order by 2, 3
        on conflict (environment_id, stream_id, client_id) do update set next_index = excluded.next_index
      )
      select g.place::int, g.is_live, g.stream_id, n.chunk, case when n.total <= ${maxStreamBytes} then n.seq end as seq,
             now() as at, bool_or(n.total > ${maxStreamBytes}) over (partition by g.place) as is_full
      from given g
      left join numbered n on n.append = g.place
      order by g.place, n.chunk`,
    values: [
      ...streamValues(environmentId, appends),
      textArray(appends.map(({ writer }) => writer?.clientId ?? null)),
      plainArray(appends.map(({ writer }) => writer?.firstIndex ?? null)),
      ...chunkValues(appends),
    ],
  };
}

function chunkValues(appends: readonly StreamAppend[]): readonly unknown[] {
  const places: number[] = [];
  const indexes: number[] = [];
  const texts: string[] = [];
  for (const [place, { chunks }] of appends.entries()) {
    for (const [index, text] of chunks.entries()) {
      places.push(place + 1);
      indexes.push(index + 1);
      texts.push(text);
    }
  }
  return [plainArray(places), plainArray(indexes), textArray(texts)];
}
