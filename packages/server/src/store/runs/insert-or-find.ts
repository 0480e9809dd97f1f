import type { ClaimRequest, InsertOutcome, NewRun, TriggerOutcome, TriggerRefusal } from "../../engine/ports.ts";
import { type FoundItem, placeFoundItems } from "../batch-items.ts";
import { type Database, isUniqueViolation, type Rows, type Statement } from "../db.ts";
import { transactionAgain } from "./contended.ts";
import { forgetStaleDebounces } from "./debounce.ts";
import { insertRuns, isPlain } from "./insert.ts";
import { insertClaimedRuns } from "./insert-claimed.ts";
import { forgetExpiredKeys, insertRunsWithOptions, lockBefore } from "./insert-with-options.ts";
import { type Join, joinRuns, lockLiveRuns } from "./join-run.ts";
import { promotePendingRuns } from "./promote.ts";

/** The statements that make runs; the rows of `insert` say what became of them. */
export interface InsertStatements {
  readonly runs: readonly NewRun[];
  /** The insert that claims the first of the runs as they are made, in place of `insert`; null where there is none. */
  readonly insertClaimed: ((request: ClaimRequest) => Statement) | null;
  /** Whether they lock what others may hold that wait for the environment's lock: live rows, or keys of triggers. */
  readonly hasLocks: boolean;
  readonly before: readonly Statement[];
  readonly insert: Statement;
}

/** Sends the statements as one transaction, alone or with more, and gives the rows of the insert. */
export type SendInsert = (statements: InsertStatements) => Promise<Rows>;

/** After so many tries in which another transaction took a key meanwhile, something else is wrong. */
const mostTries = 10;

/**
 * Makes runs; those that were made before are found instead, and joined to their parent's wait.
 *
 * @param db - the database
 * @param runs - runs of any environments
 * @param send - sends the statements; may be called again when a try failed
 * @returns an outcome for each run in order
 */
export async function insertOrFind(db: Database, runs: readonly NewRun[], send: SendInsert): Promise<InsertOutcome> {
  if (runs.every(isPlain)) {
    const rows = await tryInsert(send, {
      runs,
      insertClaimed: (request) => insertClaimedRuns(runs, request),
      hasLocks: false,
      before: [],
      insert: insertRuns(runs),
    });
    if (rows !== null) {
      await promoteLate(db, rows);
      return { outcomes: runs.map((run) => ({ kind: "created", runId: run.id })), nextDueInMs: nextDueIn(rows) };
    }
  }
  const { first, repeated } = splitRepeated(runs);
  const rows = await insertCarefully(first, send);
  await promoteLate(db, rows);
  const outcomes = new Map<string, TriggerOutcome>(first.map((run) => [run.id, { kind: "created", runId: run.id }]));
  const joins: Join[] = [];
  const items: FoundItem[] = [];
  for (const row of rows) {
    if (row.id === null) continue;
    const run = first.find(({ id }) => id === row.id);
    if (run === undefined) continue;
    outcomes.set(run.id, outcomeOf(run, row));
    if (row.refusal !== null) continue;
    const runId = String(row.found_id);
    const { environmentId, batchId, batchIndex } = run;
    if (row.is_cached === true && row.is_joined !== true && batchId !== null && batchIndex !== null) {
      items.push({ environmentId, batchId, index: batchIndex, runId });
    }
    if (run.parent?.wait && row.is_joined !== true) joins.push({ run, foundId: runId });
  }
  await placeFoundItems(db, items);
  for (const run of await join(db, joins)) outcomes.set(run.id, { kind: "refused", reason: { kind: "lost_claim" } });
  // What the same array says twice is looked for after the first of it is there.
  const rest = repeated.length === 0 ? null : await insertOrFind(db, repeated, sendAlone(db));
  repeated.forEach((run, index) => {
    const outcome = rest?.outcomes[index];
    if (outcome !== undefined) outcomes.set(run.id, outcome);
  });
  return {
    outcomes: runs.map((run) => outcomes.get(run.id) ?? { kind: "created", runId: run.id }),
    nextDueInMs: earliest([nextDueIn(rows), rest?.nextDueInMs ?? null]),
  };
}

/**
 * Sends an insert as a transaction of its own.
 *
 * @param db - the database
 * @returns what sends it
 */
export function sendAlone(db: Database): SendInsert {
  return async ({ before, insert }) => {
    if (before.length === 0) return db.query(insert);
    return (await transactionAgain(db, [...before, insert])).at(-1) ?? [];
  };
}

/** The rows; null when a key is taken. */
async function tryInsert(send: SendInsert, statements: InsertStatements): Promise<Rows | null> {
  try {
    return await send(statements);
  } catch (error) {
    if (isUniqueViolation(error)) return null;
    throw error;
  }
}

async function insertCarefully(runs: readonly NewRun[], send: SendInsert): Promise<Rows> {
  const locks = lockBefore(runs);
  const isDebounced = runs.some((run) => run.debounce !== null);
  const statements: InsertStatements = {
    runs,
    insertClaimed: isDebounced ? null : (request) => insertRunsWithOptions(runs, request),
    hasLocks: locks.length > 0 || runs.some((run) => run.idempotency !== null),
    before: [...forgetStaleDebounces(runs), ...locks, ...forgetExpiredKeys(runs)],
    insert: insertRunsWithOptions(runs),
  };
  for (let tries = 1; ; tries++) {
    try {
      return await send(statements);
    } catch (error) {
      if (!isUniqueViolation(error) || tries === mostTries) throw error;
    }
  }
}

/** Sets runs aside that have a key, a place or a wait in common with an earlier one of the array. */
function splitRepeated(runs: readonly NewRun[]): { readonly first: NewRun[]; readonly repeated: NewRun[] } {
  const taken = new Set<string>();
  const first: NewRun[] = [];
  const repeated: NewRun[] = [];
  for (const run of runs) {
    const names = namesOf(run);
    if (names.some((name) => taken.has(name))) {
      repeated.push(run);
      continue;
    }
    for (const name of names) taken.add(name);
    first.push(run);
  }
  return { first, repeated };
}

function namesOf({
  environmentId,
  taskId,
  requestKey,
  batchId,
  batchIndex,
  idempotency,
  parent,
  fire,
}: NewRun): readonly string[] {
  const names: string[] = [];
  const add = (...parts: readonly unknown[]) => names.push(JSON.stringify([environmentId, ...parts]));
  if (requestKey !== null) add("request", requestKey);
  if (batchId !== null) add("place", batchId, batchIndex);
  if (fire !== null) add("fire", fire.scheduleId, fire.at.getTime());
  if (idempotency !== null) add("key", taskId, idempotency.key);
  if (parent !== null && parent.wait !== null) add("wait", parent.runId, parent.wait);
  return names;
}

function outcomeOf(run: NewRun, row: Rows[number]): TriggerOutcome {
  if (row.refusal === null) return { kind: "found", runId: String(row.found_id), isCached: row.is_cached === true };
  return { kind: "refused", reason: refusalOf(run, row.refusal) };
}

function refusalOf(run: NewRun, refusal: unknown): TriggerRefusal {
  if (refusal === "unknown_version") return { kind: refusal, label: run.lockToVersion ?? "" };
  return { kind: refusal === "lost_claim" ? refusal : "parent_finished" };
}

/** Joins runs to the waits of their parents; answers the runs whose parent has lost its claim. */
async function join(db: Database, joins: readonly Join[]): Promise<readonly NewRun[]> {
  if (joins.length === 0) return [];
  const live = new Map<string, string>();
  for (const { run, foundId } of joins) {
    live.set(foundId, run.environmentId);
    if (run.parent !== null) live.set(run.parent.runId, run.environmentId);
  }
  const [, rows = []] = await db.transaction([lockLiveRuns(live), joinRuns(joins)]);
  const lost = new Set(rows.map((row) => row.id));
  return joins.map(({ run }) => run).filter((run) => lost.has(run.id));
}

/**
 * Looks again, after the commit of an insert, at runs that found no version with their task: a registration may have committed
 * in between.
 */
async function promoteLate(db: Database, rows: Rows): Promise<void> {
  for (const row of rows) {
    if (row.is_pending === true) await transactionAgain(db, promotePendingRuns(String(row.environment_id)));
  }
}

function nextDueIn(rows: Rows): number | null {
  return earliest(rows.map((row) => (typeof row.next_due_in_ms === "number" ? row.next_due_in_ms : null)));
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(0, Math.min(...known));
}
