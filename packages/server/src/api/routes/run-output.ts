import { newUuid } from "@pawl/contract/ids";
import { maxOutputBytes } from "@pawl/contract/packet";
import type { StoredOutput } from "@pawl/contract/worker-protocol";
import type { BlobStore } from "../../engine/blob-ports.ts";
import { packetType, readPacketText } from "../packet-body.ts";
import type { Route } from "../route.ts";
import { idInPath, refuseNul } from "../validation.ts";

/**
 * `PUT /worker/v1/runs/:runId/output`: takes an output that is too long for a report, which then names the path that is answered. The
 * content type is the output's.
 *
 * @param blobs - keeps it until the report comes
 * @returns the route
 */
export function runOutputRoute(blobs: Pick<BlobStore, "put">): Route {
  return {
    method: "PUT",
    path: "/worker/v1/runs/:runId/output",
    accepts: "environment_key",
    bodyLimit: maxOutputBytes + 1024,
    isBodyStreamed: true,
    async answer(request, _reply, { environment }): Promise<StoredOutput> {
      const runId = idInPath(request, "runId", "run");
      const type = packetType(request);
      const text = await readPacketText(request, maxOutputBytes);
      refuseNul(text, "body");
      const path = `outputs/${runId}/${newUuid()}`;
      await blobs.put(environment.id, path, { text, type });
      return { path };
    },
  };
}
