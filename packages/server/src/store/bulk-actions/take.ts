import type { BulkActionStore, TakenBulkAction } from "../../engine/bulk-ports.ts";
import type { Database } from "../db.ts";
import { readFilter } from "./stored-filter.ts";

/** How long a server has for a step before another one goes on with the action. */
const lease = "interval '10 seconds'";

/**
 * Takes the action that has been due for longest: so each of several gets its turn, and all servers help. Locks: the action; one that
 * another server is about to take is passed over.
 *
 * @param db - the database
 * @returns the action, and where there is none, when one may be due
 */
export async function takeDue(db: Database): ReturnType<BulkActionStore["takeDue"]> {
  const [[row] = [], [next] = []] = await db.transaction([
    {
      name: "bulk_actions_take_due",
      text: `
        with due as materialized (
          select environment_id, id from bulk_action where due_at <= now() order by due_at limit 1 for update skip locked
        )
        update bulk_action b set due_at = now() + ${lease}
        from due d
        where b.environment_id = d.environment_id and b.id = d.id
        returning b.environment_id, b.id, b.action, b.target_region, b.filter, b.last_run_id, b.is_chosen, b.cursor, b.runs_hooks`,
      values: [],
    },
    {
      name: "bulk_actions_next_due",
      text: `
        select extract(epoch from due_at - clock_timestamp())::float8 * 1000 as in_ms
        from bulk_action where due_at is not null order by due_at limit 1`,
      values: [],
    },
  ]);
  return {
    taken: row === undefined ? null : takenAction(row),
    nextDueInMs: typeof next?.in_ms === "number" ? Math.max(0, next.in_ms) : null,
  };
}

function takenAction(row: Record<string, unknown>): TakenBulkAction {
  // The casts state the column types.
  return {
    environmentId: row.environment_id as string,
    id: row.id as string,
    action: row.action as TakenBulkAction["action"],
    targetRegion: row.target_region as string | null,
    runsHooks: row.runs_hooks as boolean,
    filter: readFilter(row.filter),
    lastRunId: row.last_run_id as string,
    isChosen: row.is_chosen as boolean,
    cursor: row.cursor as string | null,
  };
}

/**
 * Keeps an action for some more seconds, unless it is over. Locks: the action.
 *
 * @param db - the database
 * @param taken - the action
 */
export async function keep(db: Database, { environmentId, id }: TakenBulkAction): Promise<void> {
  await db.query({
    name: "bulk_actions_keep",
    text: `
      update bulk_action set due_at = now() + ${lease}
      where environment_id = $1::uuid and id = $2::uuid and due_at is not null`,
    values: [environmentId, id],
  });
}
