import { type CreateBatchAnswer, createBatchBodySchema } from "@pawl/contract/api/batch";
import { toPublicId } from "@pawl/contract/ids";
import type { Engine } from "../../engine/engine.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `POST /api/v3/batches`: the first phase of a batch, which says how many runs will follow.
 *
 * @param engine - makes the batch
 * @returns the route
 */
export function createBatchRoute(engine: Engine): Route {
  return {
    method: "POST",
    path: "/api/v3/batches",
    accepts: "environment_key",
    async answer(request, reply, caller): Promise<CreateBatchAnswer> {
      const { runCount } = parse(createBatchBodySchema, request.body ?? {}, "body");
      const batch = await engine.createBatch(caller.environment.id, runCount, requestKeyOf(request));
      const id = toPublicId("batch", batch.id);
      reply.code(202).header("x-trigger-jwt", caller.signPublicToken(`read:batch:${id}`));
      // A client skips the items of a cached batch. One found by its request key still needs them: it is a retry of this call.
      return { id, runCount: batch.runCount, isCached: false };
    },
  };
}
