import type { Claim, ClaimedRun, ClaimRequest, RunStore, Settlement, SettlementOutcome } from "../../engine/ports.ts";
import type { Database, Rows, Statement } from "../db.ts";
import { claimedRuns, claimRuns, lockEnvironment } from "./claim.ts";
import { completeRuns } from "./complete.ts";
import { failRuns } from "./fail.ts";
import { giveBackRuns } from "./give-back.ts";
import { insertOrFind, insertRuns } from "./insert.ts";
import { nextDueRun, promoteDueRuns, promotePendingRuns } from "./promote.ts";
import { findHeld, reconcileHost } from "./reconcile.ts";
import { lockLostHosts, rescueRuns } from "./rescue.ts";
import { startRuns } from "./start.ts";

/**
 * The transitions of runs on Postgres. The statements stand beside this file, one file a verb; here is which of them make a
 * transaction.
 *
 * @param db - the database
 * @returns the store
 */
export function createRunStore(db: Database): RunStore {
  return {
    async insert(runs) {
      const { outcomes, rows } = await insertOrFind(db, runs, (fresh) => db.query(insertRuns(fresh)));
      await promoteLate(db, rows);
      return { outcomes, nextDueInMs: null };
    },
    async claim(request) {
      const [, claimed = []] = await db.transaction(claimStatements(request));
      return { claimed: claimedRuns(claimed), resumed: [], hasMore: false, isEnvironmentFull: false };
    },
    sweepLanes: async () => [],
    resetIdempotencyKey: async () => false,
    async insertAndClaim(runs, request) {
      let claimed: readonly ClaimedRun[] = [];
      const { outcomes, rows } = await insertOrFind(db, runs, async (fresh) => {
        const [inserted = [], , claims = []] = await db.transaction([insertRuns(fresh), ...claimStatements(request)]);
        claimed = claimedRuns(claims);
        return inserted;
      });
      await promoteLate(db, rows);
      return {
        outcomes,
        nextDueInMs: null,
        claim: { claimed, resumed: [], hasMore: false, isEnvironmentFull: false },
      };
    },
    settle: (settlement) => settle(db, settlement),
    reconcile: (environmentId, hostId, held) => reconcile(db, environmentId, hostId, held),
    promoteDue: async () => {
      const [promoted = [], [next] = []] = await db.transaction([promoteDueRuns(), nextDueRun()]);
      return { environmentIds: environmentIds(promoted), nextDueInMs: asNumber(next?.due_in_ms) };
    },
    promotePending: async (environmentId) => (await db.query(promotePendingRuns(environmentId))).length > 0,
    rescue: async () => {
      const [, rescued = []] = await db.transaction([lockLostHosts(), rescueRuns()]);
      return {
        environmentIds: environmentIds(rescued.filter((row) => row.state === "queued")),
        rescued: rescued.length,
      };
    },
  };
}

function claimStatements(request: ClaimRequest): readonly Statement[] {
  return [lockEnvironment(request.environmentId), claimRuns(request)];
}

/**
 * Looks again, after the commit of an insert, at runs that found no version with their task: a registration may have committed
 * in between.
 */
async function promoteLate(db: Database, rows: Rows): Promise<void> {
  for (const row of rows) await db.query(promotePendingRuns(String(row.environment_id)));
}

async function settle(db: Database, settlement: Settlement): Promise<SettlementOutcome> {
  const { environmentId, hostId, completed, failed, started, returned } = settlement;
  const steps = [
    { claims: completed, statement: () => completeRuns(environmentId, hostId, completed) },
    { claims: failed, statement: () => failRuns(environmentId, hostId, failed) },
    { claims: returned, statement: () => giveBackRuns(environmentId, hostId, returned) },
    { claims: started, statement: () => startRuns(environmentId, hostId, started) },
  ].filter((step) => step.claims.length > 0);
  const results = await db.transaction(steps.map((step) => step.statement()));
  const rowsOf = (claims: readonly Claim[]) => results[steps.findIndex((step) => step.claims === claims)] ?? [];
  const retried = rowsOf(failed);
  const dueIn = retried.map((row) => row.due_in_ms).filter((dueInMs) => typeof dueInMs === "number");
  return {
    lost: steps.flatMap((step, index) => unchanged(step.claims, results[index] ?? [])),
    hasQueued: rowsOf(returned).length > 0 || retried.some((row) => row.state === "queued"),
    nextDueInMs: dueIn.length === 0 ? null : Math.min(...dueIn),
  };
}

/** The claims that a statement did not find: they are no longer the host's. */
function unchanged(claims: readonly Claim[], rows: Rows): readonly Claim[] {
  if (rows.length === claims.length) return [];
  const changed = new Set(rows.map((row) => row.run_id));
  return claims.filter((claim) => !changed.has(claim.runId)).map(({ runId, fence }) => ({ runId, fence }));
}

async function reconcile(
  db: Database,
  environmentId: string,
  hostId: string,
  held: readonly Claim[],
): Promise<readonly Claim[]> {
  const [, valid = []] = await db.transaction([
    reconcileHost(environmentId, hostId, held),
    findHeld(environmentId, hostId, held),
  ]);
  const validIds = new Set(valid.map((row) => row.run_id));
  return held.filter((claim) => !validIds.has(claim.runId));
}

function environmentIds(rows: Rows): readonly string[] {
  return [...new Set(rows.map((row) => String(row.environment_id)))];
}

function asNumber(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
