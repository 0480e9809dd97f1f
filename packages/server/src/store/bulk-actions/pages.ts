import { newUuid } from "@pawl/contract/ids";
import type { BulkActionKind, BulkRunPage, BulkRunResult, TakenBulkAction } from "../../engine/bulk-ports.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { lockAction } from "./choose.ts";

/** The most runs of a page: a replay also carries their payloads. */
const pageSize: Readonly<Record<BulkActionKind, number>> = { cancel: 1_000, replay: 500 };

/**
 * Reads the next runs that something is to be done to. The ids of the runs that a replay will make are planned before any of them is made: so a
 * server that comes after one that has died plans the same ones, and makes none twice. Locks: the action.
 *
 * @param db - the database
 * @param taken - the action, whose runs are all chosen
 * @returns the page; an empty one where another server has gone on
 */
export async function nextPage(db: Database, taken: TakenBulkAction): Promise<BulkRunPage> {
  const size = pageSize[taken.action];
  const statements = [lockAction(taken), findPage(taken, size)];
  if (taken.action === "replay") statements.push(planRuns(taken, size));
  const [, found = [], plans = []] = await db.transaction(statements);
  const planned = plans[0]?.planned_run_ids as readonly string[] | undefined; // a uuid[] column
  const runs = found.map((row, index) => ({ runId: String(row.run_id), newRunId: planned?.[index] ?? null }));
  return { runs, isLast: runs.length < size };
}

/** The condition that the action is where the caller has seen it. $1 and $2 name the action, $3 is its cursor. */
const isUnmoved =
  "b.environment_id = $1::uuid and b.id = $2::uuid and b.is_chosen and b.cursor is not distinct from $3::uuid";

function findPage({ environmentId, id, cursor }: TakenBulkAction, size: number): Statement {
  return {
    name: "bulk_pages_find",
    text: `
      select t.run_id from bulk_action_run t
      where t.environment_id = $1::uuid and t.bulk_action_id = $2::uuid
        and t.run_id > coalesce($3::uuid, '00000000-0000-0000-0000-000000000000')
        and exists (select from bulk_action b where ${isUnmoved} and b.status = 'PENDING')
      order by t.run_id limit $4::int`,
    values: [environmentId, id, cursor, size],
  };
}

function planRuns({ environmentId, id, cursor }: TakenBulkAction, size: number): Statement {
  return {
    name: "bulk_pages_plan",
    text: `
      update bulk_action b set planned_run_ids = coalesce(b.planned_run_ids, $4::uuid[]) where ${isUnmoved}
      returning b.planned_run_ids`,
    values: [environmentId, id, cursor, plainArray(Array.from({ length: size }, () => newUuid()))],
  };
}

/**
 * Notes what became of a page, and ends the action with the last one. A page of an action that was aborted meanwhile is noted too; one that another
 * server has noted is not. Locks: the action.
 *
 * @param db - the database
 * @param taken - the action as it was when the page was read
 * @param page - the page
 * @param results - one for each of its runs
 */
export async function finishPage(
  db: Database,
  taken: TakenBulkAction,
  page: BulkRunPage,
  results: readonly BulkRunResult[],
): Promise<void> {
  const isPlain = ({ newRunId, error }: BulkRunResult) => newRunId === null && error === null;
  await db.transaction([
    lockAction(taken),
    noteDone(taken, results.filter(isPlain)),
    noteResults(
      taken,
      results.filter((result) => !isPlain(result)),
    ),
    moveOn(taken, page, results),
  ]);
}

/** Most runs of a cancellation, of which there is no more to say. */
function noteDone({ environmentId, id, cursor }: TakenBulkAction, results: readonly BulkRunResult[]): Statement {
  return {
    name: "bulk_pages_note_done",
    text: `
      update bulk_action_run t set is_done = true
      where t.environment_id = $1::uuid and t.bulk_action_id = $2::uuid and t.run_id = any ($4::uuid[])
        and exists (select from bulk_action b where ${isUnmoved})`,
    values: [environmentId, id, cursor, plainArray(results.map(({ runId }) => runId))],
  };
}

/** No join: on a table without statistics it would walk all runs of the action for each of the page. */
function noteResults({ environmentId, id, cursor }: TakenBulkAction, results: readonly BulkRunResult[]): Statement {
  return {
    name: "bulk_pages_note",
    text: `
      update bulk_action_run t
      set (is_done, new_run_id, error) = (
        select r.error is null, case when r.error is null then r.new_run_id end, r.error
        from (
          select ($5::uuid[])[p.place] as new_run_id, ($6::text[])[p.place] as error
          from (select array_position($4::uuid[], t.run_id) as place) p
        ) r
      )
      where t.environment_id = $1::uuid and t.bulk_action_id = $2::uuid and t.run_id = any ($4::uuid[])
        and exists (select from bulk_action b where ${isUnmoved})`,
    values: [
      environmentId,
      id,
      cursor,
      plainArray(results.map(({ runId }) => runId)),
      plainArray(results.map(({ newRunId }) => newRunId)),
      textArray(results.map(({ error }) => error)),
    ],
  };
}

function moveOn(taken: TakenBulkAction, { isLast }: BulkRunPage, results: readonly BulkRunResult[]): Statement {
  const failed = results.filter(({ error }) => error !== null).length;
  return {
    name: "bulk_pages_move_on",
    text: `
      update bulk_action b
      set cursor = coalesce($4::uuid, b.cursor), planned_run_ids = null, succeeded = b.succeeded + $5::int, failed = b.failed + $6::int,
          status = case when b.status = 'PENDING' and $7::boolean then 'COMPLETED' else b.status end,
          completed_at = case when b.status = 'PENDING' and $7::boolean then now() else b.completed_at end,
          due_at = case when b.status = 'PENDING' and not $7::boolean then now() end
      where ${isUnmoved}`,
    values: [
      taken.environmentId,
      taken.id,
      taken.cursor,
      results.at(-1)?.runId ?? null,
      results.length - failed,
      failed,
      isLast,
    ],
  };
}
