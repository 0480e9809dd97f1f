import type { BulkActionKind, BulkSelection } from "../../engine/bulk-ports.ts";
import { type Database, plainArray } from "../db.ts";
import { runWindow } from "./run-window.ts";

/** How many runs one statement looks at. */
const windowSize = 10_000;

/** Where counting stops. */
const mostCounted = 1_000_000;

/** When counting stops, in milliseconds. */
const longestMs = 5_000;

/**
 * Counts the runs that an action would be about now, window after window. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment
 * @param action - what would be done to them
 * @param selection - which runs
 * @param limits - where counting stops; default: at a million, or after 5 s
 * @returns how many it found, and whether it came to the end
 */
export async function count(
  db: Database,
  environmentId: string,
  action: BulkActionKind,
  selection: BulkSelection,
  limits = { mostCounted, longestMs },
): Promise<{ readonly count: number; readonly isExact: boolean }> {
  if ("runIds" in selection) return countNamed(db, environmentId, action, selection.runIds);
  const startedAt = performance.now();
  let counted = 0;
  for (let cursor: string | null = null; ; ) {
    const place = { environmentId, action, filter: selection.filter, cursor, lastRunId: null, size: windowSize };
    const window = runWindow(place);
    const [row]: readonly Record<string, unknown>[] = await db.query({
      name: `bulk_count_${window.shape}`,
      text: `
        with ${window.ctes}
        select (select count(*) from matched)::int as counted, (select count(*) from seen) < $4::int as is_end,
               (select id from seen order by id desc limit 1) as cursor`,
      values: window.values,
    });
    counted += Number(row?.counted);
    if (row?.is_end !== false) return { count: counted, isExact: true };
    if (counted >= limits.mostCounted || performance.now() - startedAt > limits.longestMs) {
      return { count: counted, isExact: false };
    }
    cursor = String(row.cursor);
  }
}

async function countNamed(db: Database, environmentId: string, action: BulkActionKind, runIds: readonly string[]) {
  const [table, id] = action === "cancel" ? ["live_run", "run_id"] : ["run", "id"];
  const [row] = await db.query({
    name: `bulk_count_named_${action}`,
    text: `select count(*)::int as counted from ${table} where environment_id = $1::uuid and ${id} = any ($2::uuid[])`,
    values: [environmentId, plainArray(runIds)],
  });
  return { count: Number(row?.counted), isExact: true };
}
