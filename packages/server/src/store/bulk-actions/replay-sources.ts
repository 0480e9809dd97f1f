import type { BulkReplay, BulkRun } from "../../engine/bulk-ports.ts";
import { type Database, plainArray } from "../db.ts";
import { sourceColumns, toReplaySource } from "../runs/replay-source.ts";

/** The most runs that are read together: they are made by one statement, and triggers stand beside it. */
const mostRuns = 200;

/** The payloads that are read together end with the one that reaches so many bytes. */
const enoughBytes = 8_000_000;

/**
 * Reads what replays start from. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment of the runs
 * @param runs - the runs, and the ids planned for their replays
 * @returns the first of them, as many as fit into memory together, at least one
 */
export async function replaySources(
  db: Database,
  environmentId: string,
  runs: readonly BulkRun[],
): Promise<readonly BulkReplay[]> {
  const given = runs.slice(0, mostRuns);
  const rows = await db.query({
    name: "bulk_replay_sources",
    text: `
      with given as materialized (
        select * from unnest($2::uuid[], $3::uuid[]) with ordinality as g(run_id, new_run_id, place)
      ),
      sized as materialized (
        select g.run_id, g.new_run_id, g.place, sum(r.size) over (order by g.place rows unbounded preceding) - r.size as size_before
        from given g
        left join lateral (
          select coalesce(octet_length(r.payload), 0) as size from run r
          where r.environment_id = $1::uuid and r.id = g.run_id offset 0
        ) r on true
      )
      select s.run_id, s.new_run_id, r.task_id is not null as is_found, made.id is not null as is_made, r.*
      from sized s
      left join lateral (
        select ${sourceColumns} from run r
        left join run_metadata m on m.environment_id = r.environment_id and m.run_id = r.id
        where r.environment_id = $1::uuid and r.id = s.run_id offset 0
      ) r on true
      left join lateral (
        select r.id from run r where r.environment_id = $1::uuid and r.id = s.new_run_id offset 0
      ) made on true
      where s.size_before is null or s.size_before < ${enoughBytes}
      order by s.place`,
    values: [
      environmentId,
      plainArray(given.map(({ runId }) => runId)),
      plainArray(given.map(({ newRunId }) => newRunId)),
    ],
  });
  return rows.map((row): BulkReplay => {
    const runId = String(row.run_id);
    const source = row.is_found === true ? toReplaySource(row, runId) : null;
    return { runId, newRunId: String(row.new_run_id), source: row.is_made === true ? "made" : source };
  });
}
