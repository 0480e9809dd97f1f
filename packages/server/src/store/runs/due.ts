import type { DueOutcome, HeldClaim } from "../../engine/ports.ts";
import { abortBatches, batchPatience } from "../batch-abort.ts";
import type { Database, Rows, Statement } from "../db.ts";
import { endDueWaits } from "../waits/due-waits.ts";
import { completeAwaited, resumeWaiters } from "./completions.ts";
import { transactionAgain } from "./contended.ts";
import { makeHookRuns } from "./end-hooks.ts";
import { expireRuns, isExpired } from "./expire.ts";
import { promoteDueRuns } from "./promote.ts";

/** How soon to look again at what is due while somebody else has it, in milliseconds. */
const busyPauseMs = 50;

/**
 * Does what is due, at most a page of each: queues delayed runs, expires runs that were not started in time, ends waits, aborts
 * batches whose items do not come, makes the runs that call hooks of ended ones. When nothing is due, it is one statement.
 *
 * @param db - the database
 * @returns what was due, and when something is next
 */
export async function promoteDue(db: Database): Promise<DueOutcome> {
  const [first] = await db.query(findNextDue());
  const firstDueInMs = first?.due_in_ms;
  if (typeof firstDueInMs !== "number") return { environmentIds: [], recalled: [], nextDueInMs: null };
  if (firstDueInMs > 0) return { environmentIds: [], recalled: [], nextDueInMs: firstDueInMs };
  const [promoted = [], due = []] = await db.transaction([promoteDueRuns(), findDue()]);
  const environmentIds = new Set(promoted.map((row) => String(row.environment_id)));
  const recalled: HeldClaim[] = [];
  for (const { environment_id, kind } of due) {
    const environmentId = String(environment_id);
    if (kind === "run") {
      const [expired = [], , , resumed = []] = await transactionAgain(db, [
        expireRuns(environmentId),
        ...completeAwaited(environmentId),
      ]);
      recalled.push(...heldClaims(environmentId, expired));
      if (resumed.length + recalled.length > 0) environmentIds.add(environmentId);
    } else if (kind === "hook") {
      await db.transaction([makeHookRuns(environmentId)]);
      environmentIds.add(environmentId);
    } else {
      const end = kind === "wait" ? endDueWaits(environmentId) : abortBatches(environmentId);
      const [, resumed = []] = await transactionAgain(db, [end, resumeWaiters(environmentId)]);
      if (resumed.length > 0) environmentIds.add(environmentId);
    }
  }
  const hasWorked = promoted.length + due.length > 0;
  const [next] = hasWorked ? await db.query(findNextDue()) : [first];
  return { environmentIds: [...environmentIds], recalled, nextDueInMs: pause(next?.due_in_ms, hasWorked) };
}

/** What is still due was more than a page, or somebody else has it. */
function pause(dueInMs: unknown, hasWorked: boolean): number | null {
  if (typeof dueInMs !== "number") return null;
  return Math.max(dueInMs, hasWorked ? 0 : busyPauseMs);
}

function heldClaims(environmentId: string, rows: Rows): readonly HeldClaim[] {
  return rows
    .filter((row) => row.host_id !== null)
    .map((row) => ({
      environmentId,
      runId: String(row.run_id),
      fence: Number(row.fence),
      hostId: String(row.host_id),
    }));
}

/** Finds the environments in which something is due, and of which kind. Takes no lock. */
export function findDue(): Statement {
  return {
    name: "due_find",
    text: `
      select environment_id, 'run' as kind
      from (select l.environment_id from live_run l where ${isExpired} order by l.expires_at limit 1000) expired
      union
      select environment_id, 'wait' from (
        select environment_id from waitpoint where completed_at is null and due_at <= now() order by due_at limit 1000
      ) due
      union
      select environment_id, 'batch' from (
        select environment_id from batch
        where sealed_at is null and aborted_at is null and last_item_at <= now() - interval '${batchPatience}'
        order by last_item_at limit 1000
      ) stale
      union
      select environment_id, 'hook' from (
        select environment_id from end_hook where hook_run_id is null order by created_at limit 1000
      ) hooks`,
    values: [],
  };
}

/** Reads in how many milliseconds the next thing is due, or null. Takes no lock. */
export function findNextDue(): Statement {
  return {
    name: "due_find_next",
    text: `
      select extract(epoch from min(at) - now())::float8 * 1000 as due_in_ms from (
        (select due_at as at from live_run where due_at is not null order by due_at limit 1)
        union all
        (select expires_at from live_run where expires_at is not null order by expires_at limit 1)
        union all
        (select due_at from waitpoint where completed_at is null and due_at is not null order by due_at limit 1)
        union all
        (select last_item_at + interval '${batchPatience}' from batch
         where sealed_at is null and aborted_at is null order by last_item_at limit 1)
        union all
        (select created_at from end_hook where hook_run_id is null order by created_at limit 1)
      ) next`,
    values: [],
  };
}
