import { newUuid } from "@pawl/contract/ids";
import { maxStreams, type StreamRef } from "../../engine/stream-ports.ts";
import { plainArray, type Statement, textArray } from "../db.ts";

/**
 * A run can't end before the chunks that it gives are stored, and after its end none is: so who sees the end sees them all. Locks: the
 * live rows, by id, against their end alone.
 *
 * @param environmentId - the environment
 * @param refs - the streams; those that are sent to runs do not count
 * @returns the statement
 */
export function keepRunsAlive(environmentId: string, refs: readonly StreamRef[]): Statement {
  return {
    name: "streams_keep_runs",
    text: `
      select l.run_id from live_run l
      where l.environment_id = $1::uuid and l.run_id = any ($2::uuid[])
      order by l.run_id
      for key share`,
    values: [environmentId, plainArray(refs.filter(({ isInput }) => !isInput).map(({ runId }) => runId))],
  };
}

/**
 * The parameters that name streams.
 *
 * @param environmentId - the environment
 * @param refs - the streams
 * @returns the values of $1 to $4
 */
export function streamValues(environmentId: string, refs: readonly StreamRef[]): readonly unknown[] {
  return [
    environmentId,
    plainArray(refs.map(({ runId }) => runId)),
    plainArray(refs.map(({ isInput }) => isInput)),
    textArray(refs.map(({ key }) => key)),
  ];
}

/**
 * Makes the streams that there are not, for runs that have not ended. Locks: the new streams, in their order; an equal one under way is
 * waited for.
 *
 * @param environmentId - the environment
 * @param refs - the streams
 * @returns the statement
 */
export function makeStreams(environmentId: string, refs: readonly StreamRef[]): Statement {
  return {
    name: "streams_make",
    text: `
      insert into stream (environment_id, run_id, is_input, key, id)
      select $1::uuid, named.run_id, named.is_input, named.key, (array_agg(ids.id))[1]
      from unnest($2::uuid[], $3::bool[], $4::text[], $5::uuid[]) as named(run_id, is_input, key, id)
      cross join lateral (
        select named.id where exists (
          select from live_run l where l.environment_id = $1::uuid and l.run_id = named.run_id
        ) and not exists (
          select from stream s
          where s.environment_id = $1::uuid and s.run_id = named.run_id and s.is_input = named.is_input and s.key = named.key
        ) and (select count(*) from stream s where s.environment_id = $1::uuid and s.run_id = named.run_id) < ${maxStreams}
        offset 0
      ) ids
      group by 1, 2, 3, 4
      order by 2, 3, 4
      on conflict do nothing`,
    values: [...streamValues(environmentId, refs), plainArray(refs.map(() => newUuid()))],
  };
}

/**
 * Chunks of a stream are numbered one transaction after the other. Locks: the streams, in their order.
 *
 * @param environmentId - the environment
 * @param refs - the streams
 * @returns the statement; its rows are the streams that there are
 */
export function lockStreams(environmentId: string, refs: readonly StreamRef[]): Statement {
  return {
    name: "streams_lock",
    text: `
      select s.id
      from unnest($2::uuid[], $3::bool[], $4::text[]) as named(run_id, is_input, key)
      join stream s on s.environment_id = $1::uuid and s.run_id = named.run_id and s.is_input = named.is_input and s.key = named.key
      order by s.run_id, s.is_input, s.key
      for no key update of s`,
    values: streamValues(environmentId, refs),
  };
}
