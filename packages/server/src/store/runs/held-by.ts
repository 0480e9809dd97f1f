import type { Claim } from "../../engine/ports.ts";
import { plainArray } from "../db.ts";

/**
 * The condition that a row of `live_run l` is held by host $2 under one of the claims ($3 run ids, $4 fences) of environment $1.
 * It names the runs by their key alone, so that no other index can be chosen for it, and is judged again on the newest row
 * when another transaction changed it meanwhile.
 */
export const heldBy = `
  l.environment_id = $1::uuid and l.run_id = any ($3::uuid[])
  and l.fence = ($4::int[])[array_position($3::uuid[], l.run_id)] and l.host_id is not distinct from $2::uuid`;

/**
 * The first four parameters of a statement that uses {@link heldBy}.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param claims - the claims
 * @returns the values of $1 to $4
 */
export function claimValues(environmentId: string, hostId: string, claims: readonly Claim[]): readonly unknown[] {
  return [
    environmentId,
    hostId,
    plainArray(claims.map((claim) => claim.runId)),
    plainArray(claims.map((claim) => claim.fence)),
  ];
}
