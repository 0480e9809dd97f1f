import { type CreateBatchAnswer, createBatchBodySchema } from "@pawl/contract/api/batch";
import { toPublicId } from "@pawl/contract/ids";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { idempotencyOf } from "../idempotency.ts";
import { parentOf } from "../parent.ts";
import { refusalError } from "../refusal.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { parse } from "../validation.ts";

/**
 * `POST /api/v3/batches`: the first phase of a batch, which says how many runs will follow.
 *
 * @param engine - makes the batch
 * @param runs - knows the claim of a parent
 * @returns the route
 */
export function createBatchRoute(engine: Engine, runs: Pick<RunReader, "claimOf">): Route {
  return {
    method: "POST",
    path: "/api/v3/batches",
    accepts: "environment_key",
    async answer(request, reply, { environment, signPublicToken }): Promise<CreateBatchAnswer> {
      const body = parse(createBatchBodySchema, request.body ?? {}, "body");
      const outcome = await engine.createBatch({
        environmentId: environment.id,
        runCount: body.runCount,
        requestKey: requestKeyOf(request),
        idempotency: idempotencyOf(body, ""),
        parent: await parentOf(runs, environment.id, body, ""),
      });
      if (outcome.kind === "refused") throw refusalError(outcome.reason, "");
      const id = toPublicId("batch", outcome.id);
      reply.code(202).header("x-trigger-jwt", signPublicToken(`read:batch:${id}`));
      return {
        id,
        runCount: outcome.runCount,
        isCached: outcome.kind === "found" && outcome.isCached,
        ...(body.idempotencyKey === undefined ? {} : { idempotencyKey: body.idempotencyKey }),
      };
    },
  };
}
