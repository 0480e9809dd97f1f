import type { Claim, ResumedRun } from "../../engine/ports.ts";
import type { WaitStore } from "../../engine/wait-ports.ts";
import type { Database } from "../db.ts";
import { findHeld } from "../runs/reconcile.ts";
import { fullWaitResultsOf, readWaitResults } from "../runs/wait-results.ts";
import { open } from "./open.ts";
import { suspend } from "./suspend.ts";
import { completeToken, createToken, listTokens, retrieveToken } from "./tokens.ts";

/**
 * Waits and tokens on Postgres.
 *
 * @param db - the database
 * @returns the store
 */
export function createWaitStore(db: Database): WaitStore {
  return {
    open: (environmentId, hostId, waits) => open(db, environmentId, hostId, waits),
    suspend: (environmentId, hostId, awaiting) => suspend(db, environmentId, hostId, awaiting),
    createToken: (token) => createToken(db, token),
    completeToken: (environmentId, id, output) => completeToken(db, environmentId, id, output),
    retrieveToken: (environmentId, id) => retrieveToken(db, environmentId, id),
    listTokens: (environmentId, filter) => listTokens(db, environmentId, filter),
    results: (environmentId, hostId, claim, waits) => results(db, environmentId, hostId, claim, waits),
  };
}

async function results(
  db: Database,
  environmentId: string,
  hostId: string,
  { runId, fence }: Claim,
  waits: readonly string[],
): Promise<ResumedRun | null> {
  const [held = [], rows = []] = await db.transaction([
    findHeld(environmentId, hostId, [{ runId, fence }]),
    fullWaitResultsOf(environmentId, runId, waits),
  ]);
  return held.length === 0 ? null : { runId, fence, waits: readWaitResults(rows).get(runId) ?? [] };
}
