import { createBatchAnswerSchema } from "@pawl/contract/api/answers/batches";
import { type CreateBatchAnswer, createBatchBodySchema } from "@pawl/contract/api/batch";
import { toPublicId } from "@pawl/contract/ids";
import { type ParentWaitParts, suspendParent } from "../../dev-worker/parent-waits.ts";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import type { UsedTokens } from "../../engine/token-ports.ts";
import { requireAction, requireScope } from "../authentication.ts";
import { idempotencyOf } from "../idempotency.ts";
import { parentOf } from "../parent.ts";
import { refusalError } from "../refusal.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { refuseParentOfToken, useUpToken } from "../token-use.ts";
import { parse } from "../validation.ts";

/** What {@link createBatchRoute} needs. */
interface CreateBatchParts extends ParentWaitParts {
  readonly engine: Engine;
  /** Knows the claim of a parent. */
  readonly runs: Pick<RunReader, "claimOf">;
  /** Remembers tokens for one use. */
  readonly usedTokens: UsedTokens;
}

/**
 * `POST /api/v3/batches`: the first phase of a batch, which says how many runs will follow. A public token needs
 * the scope `batchTrigger:tasks:…` for each task that it names.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function createBatchRoute(parts: CreateBatchParts): Route {
  const { engine, runs, usedTokens } = parts;
  return {
    method: "POST",
    path: "/api/v3/batches",
    accepts: "public_token",
    document: {
      summary: "Create a batch",
      tag: "Batches",
      description: "The first phase: how many runs will follow. The second sends them.",
      body: createBatchBodySchema,
      answers: { 202: createBatchAnswerSchema },
      scopes: ["batchTrigger:tasks:{task}"],
      example: {
        body: { runCount: 2, taskIdentifiers: ["mail.send"] },
        answer: { id: "batch_01kaqk9s6ye4ja0n3x5v7c9bd1", runCount: 2, isCached: false },
      },
    },
    async answer(request, reply, caller): Promise<CreateBatchAnswer> {
      const { environment, signPublicToken } = caller;
      requireAction(caller, "batchTrigger", "tasks");
      const body = parse(createBatchBodySchema, request.body ?? {}, "body");
      for (const task of body.taskIdentifiers ?? []) requireScope(caller, "batchTrigger", [["tasks", task]]);
      refuseParentOfToken(caller, body.parentRunId !== undefined, "parentRunId");
      const requestKey = requestKeyOf(request);
      await useUpToken(usedTokens, caller, requestKey);
      const parent = await parentOf(runs, environment.id, body, "", requestKey);
      const outcome = await engine.createBatch({
        environmentId: environment.id,
        runCount: body.runCount,
        requestKey,
        idempotency: idempotencyOf(body, ""),
        parent,
      });
      if (outcome.kind === "refused") throw refusalError(outcome.reason, "");
      await suspendParent(parts, environment, parent);
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
