import type { Claim, HeldClaim, HostOrders, ResumedRun } from "../../engine/ports.ts";
import { type Database, plainArray } from "../db.ts";
import { findHeld } from "./reconcile.ts";
import { readWaitResults, waitResultsOf } from "./wait-results.ts";

/**
 * Reads what hosts have to be told and may not have heard: which of their runs were cancelled, and which are claimed ahead and
 * may not start now. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment of the hosts
 * @param hostIds - the hosts
 * @returns what they are to be told
 */
export async function hostOrders(db: Database, environmentId: string, hostIds: readonly string[]): Promise<HostOrders> {
  const rows = await db.query({
    name: "runs_host_orders",
    text: `
      select l.run_id, l.fence, l.host_id, l.state
      from live_run l
      where l.environment_id = $1::uuid and l.host_id = any ($2::uuid[])
        and (l.state = 'cancelling' or l.state = 'claimed' and (
          exists (select from queue q where q.environment_id = $1::uuid and q.name = l.queue_name and q.is_paused)
          or exists (select from environment e where e.id = $1::uuid and e.is_paused)))`,
    values: [environmentId, plainArray(hostIds)],
  });
  const claims = (state: string) =>
    rows
      .filter((row) => row.state === state)
      .map(
        (row): HeldClaim => ({
          environmentId,
          runId: String(row.run_id),
          fence: Number(row.fence),
          hostId: String(row.host_id),
        }),
      );
  return { cancelling: claims("cancelling"), recalled: claims("claimed") };
}

/**
 * Reads the runs of a host that have their slot again after a wait, as far as the store knows: the message that said so to the host may have been
 * lost with its connection, and without it the code would wait for ever. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment of the host
 * @param hostId - the host, which has reconnected
 * @returns the runs with what their waits came to; a host that has heard it before is told nothing new
 */
export async function resumedBefore(
  db: Database,
  environmentId: string,
  hostId: string,
): Promise<readonly ResumedRun[]> {
  const rows = await db.query({
    name: "runs_resumed_before",
    text: `
      select l.run_id, l.fence from live_run l
      where l.environment_id = $1::uuid and l.host_id = $2::uuid and l.state = 'executing' and exists (
        select from run_wait w
        cross join lateral (
          select completed_at from waitpoint where environment_id = $1::uuid and id = w.waitpoint_id offset 0
        ) p
        where w.environment_id = $1::uuid and w.run_id = l.run_id and w.is_awaited and p.completed_at is not null offset 0)`,
    values: [environmentId, hostId],
  });
  const claims = rows.map((row) => ({ runId: String(row.run_id), fence: Number(row.fence) }));
  return withResults(db, environmentId, hostId, claims);
}

/**
 * Adds to runs that go on what their waits came to. Takes no lock: those that the host holds no longer, once their results were read,
 * are left out, as their waits may be forgotten.
 *
 * @param db - the database
 * @param environmentId - the environment of the runs
 * @param hostId - the host that held them
 * @param claims - the runs
 * @returns the runs, with the waits that are over
 */
export async function withResults(
  db: Database,
  environmentId: string,
  hostId: string,
  claims: readonly Claim[],
): Promise<readonly ResumedRun[]> {
  if (claims.length === 0) return [];
  const [rows = [], heldRows = []] = await db.transaction([
    waitResultsOf(environmentId, claims),
    findHeld(environmentId, hostId, claims),
  ]);
  const results = readWaitResults(rows);
  const held = new Set(heldRows.map((row) => row.run_id));
  return claims
    .filter(({ runId }) => held.has(runId))
    .map(({ runId, fence }) => ({ runId, fence, waits: results.get(runId) ?? [] }));
}
