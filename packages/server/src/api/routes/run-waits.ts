import { toPublicId } from "@pawl/contract/ids";
import type { WaitResult } from "@pawl/contract/worker-protocol";
import type { RunReader } from "../../engine/read-ports.ts";
import type { WaitStore } from "../../engine/wait-ports.ts";
import { ApiError } from "../errors.ts";
import { publicWaitResult } from "../gateway/message-ids.ts";
import type { Route } from "../route.ts";
import { idInPath, pathPart, refuseNul } from "../validation.ts";

/**
 * `GET /worker/v1/runs/:runId/waits/:wait`: what a wait of a held run came to, for results too long for the message that
 * resumed it.
 *
 * @param runs - knows who holds the run
 * @param waits - reads results
 * @returns the route
 */
export function runWaitsRoute(runs: Pick<RunReader, "claimOf">, waits: Pick<WaitStore, "results">): Route {
  return {
    method: "GET",
    path: "/worker/v1/runs/:runId/waits/:wait",
    accepts: "environment_key",
    async answer(request, _reply, { environment }): Promise<WaitResult> {
      const runId = idInPath(request, "runId", "run");
      const wait = pathPart(request, "wait");
      refuseNul(wait, "wait");
      const claim = await runs.claimOf(environment.id, runId);
      const found =
        claim === null
          ? null
          : await waits.results(environment.id, claim.hostId, { runId, fence: claim.fence }, [wait]);
      const result = found?.waits.find((one) => one.wait === wait)?.result;
      if (result !== undefined) return publicWaitResult(result);
      const id = toPublicId("run", runId);
      throw new ApiError("not_found", `The run ${id} has no wait ${wait} that is over, or no host holds it any more.`);
    },
  };
}
