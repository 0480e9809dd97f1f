import { triggerAnswerSchema } from "@pawl/contract/api/answers/runs";
import { triggerBodySchema } from "@pawl/contract/api/trigger";
import { toPublicId } from "@pawl/contract/ids";
import { moments } from "@pawl/contract/moments";
import { type ParentWaitParts, suspendParent } from "../../dev-worker/parent-waits.ts";
import type { BlobStore } from "../../engine/blob-ports.ts";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import type { UsedTokens } from "../../engine/token-ports.ts";
import { requireScope } from "../authentication.ts";
import { withFetchedPayload } from "../fetched-payload.ts";
import { withIdempotencyHeaders } from "../idempotency-headers.ts";
import { parentOf } from "../parent.ts";
import { payloadBodyLimit } from "../payload.ts";
import { refusalError } from "../refusal.ts";
import { requestKeyOf } from "../request-key.ts";
import type { Route } from "../route.ts";
import { handleScopes } from "../run-scope.ts";
import { refuseParentOfToken, useUpToken } from "../token-use.ts";
import { noOptions, toTriggerRequest } from "../trigger-request.ts";
import { parse, pathPart } from "../validation.ts";

/** What {@link triggerRoute} needs. */
interface TriggerParts extends ParentWaitParts {
  readonly engine: Engine;
  /** Knows the claim of a parent. */
  readonly runs: Pick<RunReader, "claimOf">;
  /** Remembers tokens for one use. */
  readonly usedTokens: UsedTokens;
  /** Has payloads that were sent ahead. */
  readonly blobs: Pick<BlobStore, "get">;
}

/**
 * `POST /api/v1/tasks/:taskId/trigger`: makes a run, also for a public token with the scope `trigger:tasks:…`. The busiest route: it answers with a text made by hand.
 *
 * @param parts - what it needs
 * @returns the route
 */
export function triggerRoute(parts: TriggerParts): Route {
  const { engine, runs, usedTokens, blobs } = parts;
  return {
    method: "POST",
    path: "/api/v1/tasks/:taskId/trigger",
    accepts: "public_token",
    bodyLimit: payloadBodyLimit,
    document: {
      summary: "Trigger a task",
      tag: "Tasks",
      description:
        "Makes a run. An SDK sends `payload` as the text of a packet with its `payloadType`; any JSON without a type will do. The header `x-trigger-request-idempotency-key` makes the automatic repetitions of one call safe; `idempotency-key` and `idempotency-key-ttl` are taken for the options of the same names.",
      body: triggerBodySchema,
      answers: { 200: triggerAnswerSchema },
      scopes: ["trigger:tasks:{taskId}"],
      example: {
        body: { payload: { to: "ada@example.com" }, options: { tags: ["mail"], delay: "10m" } },
        answer: { id: "run_01kaqk9s6ye4ja0n3x5v7c9bd1", isCached: false },
      },
    },
    async answer(request, reply, caller) {
      const { environment, signPublicToken } = caller;
      const taskId = pathPart(request, "taskId");
      requireScope(caller, "trigger", [["tasks", taskId]]);
      const body = withIdempotencyHeaders(request, parse(triggerBodySchema, request.body ?? {}, "body"));
      const options = body.options ?? noOptions;
      const hasParent = options.parentRunId !== undefined || options.resumeParentOnCompletion === true;
      refuseParentOfToken(caller, hasParent, "options.parentRunId");
      const requestKey = requestKeyOf(request);
      const asked = toTriggerRequest(taskId, body, {
        environment,
        requestKey,
        batchId: null,
        batchIndex: null,
        parent: hasParent ? await parentOf(runs, environment.id, options, "options.", requestKey) : null,
        isAwaited: options.resumeParentOnCompletion === true,
      });
      const isStored = asked.payloadType === "application/store";
      const triggered = isStored ? await withFetchedPayload(blobs, environment.id, asked, "payload") : asked;
      if (caller.oneUse !== null) await useUpToken(usedTokens, caller, requestKey);
      moments.triggerRead.publish(triggered);
      const outcome = await engine.trigger(triggered);
      if (outcome.kind === "refused") throw refusalError(outcome.reason, "options.");
      await suspendParent(parts, environment, asked.parent ?? null);
      const id = toPublicId("run", outcome.runId);
      reply.header("x-trigger-jwt", signPublicToken(handleScopes(id)));
      reply.header("content-type", "application/json; charset=utf-8");
      return `{"id":"${id}","isCached":${outcome.kind === "found" && outcome.isCached}}`;
    },
  };
}
