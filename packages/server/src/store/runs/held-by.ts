import type { Claim } from "../../engine/ports.ts";
import { plainArray } from "../db.ts";

/** The claims ($3 run ids, $4 fences) of environment $1, in the order of the ids; they are joined by {@link heldBy}. */
export const claims = `(
  select $1::uuid as environment_id, claim.* from unnest($3::uuid[], $4::int[]) with ordinality as claim(run_id, fence, place)
  order by run_id
) c`;

/**
 * The condition that a row of `live_run l` is held by host $2 under one of the {@link claims}: it is looked up by its whole key. It
 * is judged again on the newest row when another transaction changed it meanwhile.
 */
export const heldBy = `
  l.environment_id = c.environment_id and l.run_id = c.run_id and l.fence = c.fence and l.host_id is not distinct from $2::uuid`;

/**
 * The first four parameters of a statement that uses {@link claims}.
 *
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param held - the claims
 * @returns the values of $1 to $4
 */
export function claimValues(environmentId: string, hostId: string, held: readonly Claim[]): readonly unknown[] {
  return [
    environmentId,
    hostId,
    plainArray(held.map((claim) => claim.runId)),
    plainArray(held.map((claim) => claim.fence)),
  ];
}
