import { addressAnswerSchema } from "@pawl/contract/api/answers/access";
import type { AddressAnswer } from "@pawl/contract/api/packets";
import { fromPublicId } from "@pawl/contract/ids";
import type { PacketType } from "@pawl/contract/packet";
import type { RunReader } from "../../engine/read-ports.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import { requireRunRead, runReadScopes } from "../run-scope.ts";
import { publicUrlOf } from "../token-url.ts";
import { idInPath, pathPart } from "../validation.ts";

/**
 * `GET /api/v1/runs/:runId/packets/payload` and `…/output`: where to fetch the text of a run's payload or output.
 *
 * @param runs - knows who may read the run
 * @param packet - which of the two
 * @returns the route
 */
export function runPacketRoute(runs: Pick<RunReader, "retrieve">, packet: "payload" | "output"): Route {
  return {
    method: "GET",
    path: `/api/v1/runs/:runId/packets/${packet}`,
    accepts: "public_token",
    document: {
      summary: `Ask where to fetch the ${packet} of a run`,
      tag: "Packets",
      answers: { 200: addressAnswerSchema },
      scopes: runReadScopes,
    },
    async answer(request, _reply, caller): Promise<AddressAnswer> {
      const id = pathPart(request, "runId");
      const run = await runs.retrieve(caller.environment.id, idInPath(request, "runId", "run"));
      requireRunRead(caller, id, run);
      if (run[packet] === null) throw new ApiError("not_found", `The run ${id} has no ${packet}.`);
      return { presignedUrl: caller.blobUrl(publicUrlOf(request.raw), "GET_RUN", `${id}/${packet}`) };
    },
  };
}

/**
 * Reads the packet that an address made by {@link runPacketRoute} is for.
 *
 * @param runs - reads runs
 * @param environmentId - of the run
 * @param path - the run's id, a slash, and which packet
 * @returns the packet; null when there is none
 */
export async function readRunPacket(
  runs: Pick<RunReader, "retrieve">,
  environmentId: string,
  path: string,
): Promise<{ readonly text: string; readonly type: PacketType } | null> {
  const [id = "", packet] = path.split("/");
  const runId = fromPublicId("run", id);
  const run = runId === null ? null : await runs.retrieve(environmentId, runId);
  if (run === null) return null;
  const [text, type] = packet === "payload" ? [run.payload, run.payloadType] : [run.output, run.outputType];
  return text === null ? null : { text, type: type ?? "application/json" };
}
