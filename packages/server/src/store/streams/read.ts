import type { StreamReader, StreamRecord, StreamRef } from "../../engine/stream-ports.ts";
import { type Database, plainArray, type Statement } from "../db.ts";

/** The most chunks of one read, and how many bytes end one. */
const mostRecords = 500;
const enoughBytes = 1024 * 1024;

/** The condition that a row of `stream s` is a stream ($1 to $4). */
const isNamed = "s.environment_id = $1::uuid and s.run_id = $2::uuid and s.is_input = $3::bool and s.key = $4";

function named({ environmentId, runId, isInput, key }: StreamRef): readonly unknown[] {
  return [environmentId, runId, isInput, key];
}

/**
 * Reads streams on Postgres. Takes no lock.
 *
 * @param db - the database
 * @returns the reader
 */
export function createStreamReader(db: Database): StreamReader {
  return {
    async read(ref, afterSeq) {
      const rows = await db.query(readRecords(ref, afterSeq));
      // The casts state the column types.
      return rows.map(
        (row): StreamRecord => ({
          seq: row.seq as number,
          at: row.at as Date,
          data: row.data as string,
        }),
      );
    },
    async count(ref) {
      const [row] = await db.query({
        name: "streams_count",
        text: `select s.chunk_count from stream s where ${isNamed}`,
        values: named(ref),
      });
      return (row?.chunk_count as number | undefined) ?? 0; // an int column
    },
    async writtenBy(ref, clientId) {
      const [row] = await db.query({
        name: "streams_written_by",
        text: `
          select w.next_index from stream s
          join stream_writer w on w.environment_id = s.environment_id and w.stream_id = s.id and w.client_id = $5
          where ${isNamed}`,
        values: [...named(ref), clientId],
      });
      return (row?.next_index as number | undefined) ?? 0; // an int column
    },
    async ended(environmentId, runIds) {
      const rows = await db.query({
        name: "streams_ended_runs",
        text: `
          select asked.id from unnest($2::uuid[]) as asked(id)
          where not exists (select from live_run l where l.environment_id = $1::uuid and l.run_id = asked.id)`,
        values: [environmentId, plainArray(runIds)],
      });
      return rows.map((row) => String(row.id));
    },
  };
}

/**
 * Reads the chunks of a stream after one, until they are about a megabyte. Takes no lock.
 *
 * @param ref - the stream
 * @param afterSeq - the chunk before
 * @returns the statement
 */
export function readRecords(ref: StreamRef, afterSeq: number): Statement {
  return {
    name: "streams_read",
    text: `
          select seq, at, data from (
            select c.*, sum(octet_length(c.data)) over (order by c.seq) - octet_length(c.data) as before
            from stream s
            cross join lateral (
              select stream_chunk.seq, stream_chunk.at, stream_chunk.data from stream_chunk
              where stream_chunk.environment_id = $1::uuid and stream_chunk.stream_id = s.id and stream_chunk.seq > $5::int
              order by stream_chunk.seq limit ${mostRecords}
            ) c
            where ${isNamed}
          ) read
          where before < ${enoughBytes}
          order by seq`,
    values: [...named(ref), afterSeq],
  };
}
