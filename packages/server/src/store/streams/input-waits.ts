import { newUuid } from "@pawl/contract/ids";
import type { InputWait, InputWaitOutcome, StreamRef } from "../../engine/stream-ports.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { noteCompletedOf, resumeWaiters } from "../runs/completions.ts";
import { transactionAgain } from "../runs/contended.ts";
import { freeExpiredKeys } from "../waits/open.ts";
import { lockStreams, makeStreams } from "./stream-rows.ts";

/**
 * Completes the tokens that wait for records which are there. The streams are locked, so that a record that comes later completes
 * those that are made meanwhile. Locks: the waitpoints, by id.
 *
 * @param environmentId - the environment
 * @param refs - the streams; those that runs give have none
 * @returns the statement; it leaves word to `resumeWaiters`
 */
export function completeInputWaits(environmentId: string, refs: readonly StreamRef[]): Statement {
  const inputs = refs.filter(({ isInput }) => isInput);
  return {
    name: "streams_complete_waits",
    text: `
      with open as materialized (
        select w.id, w.input_stream_id, w.input_seq from waitpoint w
        where w.environment_id = $1::uuid and w.completed_at is null and w.id = any (array(
          select due.id
          from unnest($2::uuid[], $3::text[]) as named(run_id, key)
          join stream s on s.environment_id = $1::uuid and s.run_id = named.run_id and s.is_input and s.key = named.key
          cross join lateral (
            select waitpoint.id from waitpoint
            where waitpoint.environment_id = $1::uuid and waitpoint.input_stream_id = s.id
              and waitpoint.input_seq < s.chunk_count and waitpoint.completed_at is null offset 0
          ) due
        ))
        order by w.id
        for no key update
      ),
      completed as (
        update waitpoint w set completed_at = now(), output = c.data, output_type = 'application/json'
        from open o
        cross join lateral (
          select stream_chunk.data from stream_chunk
          where stream_chunk.environment_id = $1::uuid and stream_chunk.stream_id = o.input_stream_id
            and stream_chunk.seq = o.input_seq offset 0
        ) c
        where w.environment_id = $1::uuid and w.id = o.id
        returning w.id
      )
      ${noteCompletedOf("completed")}`,
    values: [environmentId, plainArray(inputs.map(({ runId }) => runId)), textArray(inputs.map(({ key }) => key))],
  };
}

/**
 * Makes a token that a record of an input stream completes, or finds the one that has its idempotency key. Locks: the stream, then
 * waitpoints.
 *
 * @param db - the database
 * @param wait - what to wait for
 * @returns the token, or why there is none
 */
export async function createInputWait(db: Database, wait: InputWait): Promise<InputWaitOutcome> {
  const { environmentId, runId, key, idempotency } = wait;
  const id = newUuid();
  const refs: readonly StreamRef[] = [{ environmentId, runId, isInput: true, key }];
  const [live = [], , streams = [], , , , , [row] = []] = await transactionAgain(db, [
    {
      name: "streams_find_live",
      text: "select l.run_id from live_run l where l.environment_id = $1::uuid and l.run_id = $2::uuid",
      values: [environmentId, runId],
    },
    makeStreams(environmentId, refs),
    lockStreams(environmentId, refs),
    freeExpiredKeys(environmentId, [idempotency?.key ?? null]),
    insertToken(wait, id),
    completeInputWaits(environmentId, refs),
    resumeWaiters(environmentId),
    findToken(wait, id),
  ]);
  if (live.length === 0) return { kind: "run_over" };
  if (streams.length === 0) return { kind: "too_many_streams" };
  if (row === undefined) throw new Error("unreachable: the token is there");
  const waitpointId = String(row.id);
  const nextDueInMs = row.due_in_ms as number | null; // a float8 column
  return { kind: "made", waitpointId, isCached: waitpointId !== id, nextDueInMs };
}

/** An equal key under way is waited for; the next statement sees which of the two was made. Locks: the key. */
function insertToken({ environmentId, runId, key, seq, timeout, tags, idempotency }: InputWait, id: string): Statement {
  return {
    name: "streams_insert_token",
    text: `
      insert into waitpoint (environment_id, id, kind, due_at, tags, idempotency_key, idempotency_key_expires_at,
                             input_stream_id, input_seq)
      select $1::uuid, $2::uuid, 'token', coalesce($3::timestamptz, now() + $4::float8 * interval '1 millisecond'), $5::text[], $6,
             now() + $7::float8 * interval '1 second', s.id, $10::int
      from stream s
      where s.environment_id = $1::uuid and s.run_id = $8::uuid and s.is_input and s.key = $9
        and exists (select from live_run l where l.environment_id = $1::uuid and l.run_id = $8::uuid)
      on conflict (environment_id, idempotency_key) where idempotency_key is not null do nothing`,
    values: [
      environmentId,
      id,
      timeout !== null && "at" in timeout ? timeout.at.toISOString() : null,
      timeout !== null && "afterMs" in timeout ? timeout.afterMs : null,
      tags.length === 0 ? null : textArray(tags),
      idempotency?.key ?? null,
      idempotency?.lifeS ?? null,
      runId,
      key,
      seq,
    ],
  };
}

function findToken({ environmentId, idempotency }: InputWait, id: string): Statement {
  return {
    name: "streams_find_token",
    text: `
      select id, case when completed_at is null then extract(epoch from due_at - now())::float8 * 1000 end as due_in_ms from (
        select * from waitpoint where environment_id = $1::uuid and id = $2::uuid
        union all
        select * from waitpoint where environment_id = $1::uuid and idempotency_key = $3 and id <> $2::uuid
      ) made
      limit 1`,
    values: [environmentId, id, idempotency?.key ?? null],
  };
}
