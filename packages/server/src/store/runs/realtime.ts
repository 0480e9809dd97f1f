import type { RealtimeReader, RunSelection, RunVersions } from "../../engine/realtime-ports.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { lowestUuidAt } from "../partitions.ts";
import { readRuns } from "./read.ts";

/** The most runs that a live reader follows. */
const mostRuns = 1_000;

/**
 * Finds out what has changed of runs. Nothing that changes them has to tell: the transactions that wrote a run's rows last are its
 * version.
 *
 * @param db - the database
 * @returns the reader
 */
export function createRealtimeReader(db: Database): RealtimeReader {
  return {
    async select(environmentId, selection) {
      if (selection.kind === "run") return [selection.runId];
      const results = await db.transaction(selectionOf(environmentId, selection));
      return (results.at(-1) ?? []).map((row) => String(row.id));
    },
    async changed(environmentId, known) {
      const rows = await db.query(findChanged(environmentId, known));
      return new Map(rows.map((row) => [String(row.id), String(row.version)]));
    },
    read: (environmentId, runIds) => readRuns(db, environmentId, runIds),
  };
}

/** Each run is looked up by its key in each of the tables that a reader sees. Takes no lock. */
function findChanged(environmentId: string, known: RunVersions): Statement {
  return {
    name: "realtime_changed",
    text: `
      select k.id, v.version
      from unnest($2::uuid[], $3::text[]) as k(id, version)
      cross join lateral (
        select concat_ws('.', r.xmin, (
                 select l.xmin from live_run l where l.environment_id = $1::uuid and l.run_id = k.id
               ), (
                 select m.xmin from run_metadata m where m.environment_id = $1::uuid and m.run_id = k.id
               ), (
                 select count(*) from stream s where s.environment_id = $1::uuid and s.run_id = k.id and not s.is_input
               )) as version
        from run r where r.environment_id = $1::uuid and r.id = k.id offset 0
      ) v
      where v.version is distinct from k.version`,
    values: [environmentId, plainArray([...known.keys()]), textArray([...known.values()])],
  };
}

function selectionOf(environmentId: string, selection: Exclude<RunSelection, { kind: "run" }>): readonly Statement[] {
  if (selection.kind === "batch") {
    const text = `
      select run_id as id from batch_item
      where environment_id = $1::uuid and batch_id = $2::uuid and run_id is not null
      order by index limit ${mostRuns}`;
    return [{ name: "realtime_of_batch", text, values: [environmentId, selection.batchId] }];
  }
  return [
    // Only a bitmap scan can read the index of tags; elsewhere a plan with one is never wanted.
    { name: "realtime_allow_bitmaps", text: "select set_config('enable_bitmapscan', 'on', true)", values: [] },
    {
      name: "realtime_with_tags",
      text: `
        with tagged as materialized (
          select r.id, r.environment_id from run r where r.tags @> $2::text[] and r.id >= $3::uuid
        )
        select t.id from tagged t where t.environment_id = $1::uuid order by t.id desc limit ${mostRuns}`,
      values: [environmentId, textArray(selection.tags), lowestUuidAt(selection.since.getTime())],
    },
  ];
}
