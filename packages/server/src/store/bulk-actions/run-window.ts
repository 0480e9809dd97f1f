import type { BulkActionKind } from "../../engine/bulk-ports.ts";
import type { RunFilter } from "../../engine/read-ports.ts";
import { filterRuns } from "../runs/run-filter.ts";

/** What lies below every id. */
const lowestId = "00000000-0000-0000-0000-000000000000";

/** Some runs in the order of their ids, and those of them that match. */
export interface RunWindow {
  /** The common table expressions `seen` (all of them) and `matched`, both with an id. */
  readonly ctes: string;
  readonly values: readonly unknown[];
  /** Names the text. */
  readonly shape: string;
}

/** Where a window lies. */
export interface WindowPlace {
  readonly environmentId: string;
  readonly action: BulkActionKind;
  readonly filter: RunFilter;
  /** The window begins behind this id; null: at the first run. */
  readonly cursor: string | null;
  /** No run after this one; null: up to the last. */
  readonly lastRunId: string | null;
  /** The most runs to look at. */
  readonly size: number;
}

/**
 * Writes the SQL that looks at the next runs that a filter may mean. So many are looked at in one statement and no more, however
 * few of them match: it takes milliseconds on a table of any size. Takes no lock.
 *
 * @param place - where it lies
 * @param given - further values of the statement, from $5 on; $1 to $4 are environment, cursor, last id and size
 * @returns its parts
 */
export function runWindow(
  { environmentId, action, filter, cursor, lastRunId, size }: WindowPlace,
  given: readonly unknown[] = [],
): RunWindow {
  const { from, id, sourceConditions, runConditions, values, shape } = filterRuns(
    filter,
    [environmentId, cursor ?? lowestId, lastRunId, size, ...given],
    { driving: "apart", isLiveOnly: action === "cancel" },
  );
  return {
    ctes: `
      seen as materialized (
        select ${id} as id from ${from}
        where ${sourceConditions.join(" and ")} and ${id} > $2::uuid and ${id} <= coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        order by ${id} limit $4::int
      ),
      matched as materialized (
        select r.id, r.bulk_action_id
        from run r
        left join live_run l on l.environment_id = r.environment_id and l.run_id = r.id
        left join version v on v.environment_id = r.environment_id and v.id = coalesce(r.version_id, l.version_id)
        where r.environment_id = $1::uuid and r.id = any (array(select id from seen))
          and r.id > $2::uuid and r.id <= coalesce($3::uuid, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
          ${runConditions.map((condition) => `and ${condition}`).join(" ")}
      )`,
    values,
    shape: `${action}_${shape}`,
  };
}
