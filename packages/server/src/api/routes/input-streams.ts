import { inputWaitAnswerSchema, sendInputAnswerSchema } from "@pawl/contract/api/answers/streams";
import {
  type InputWaitAnswer,
  inputWaitBodySchema,
  type SendInputAnswer,
  sendInputBodySchema,
} from "@pawl/contract/api/streams";
import { toPublicId } from "@pawl/contract/ids";
import { maxChunkBytes } from "../../engine/stream-ports.ts";
import { requireScope } from "../authentication.ts";
import { idempotencyOf } from "../idempotency.ts";
import type { Route } from "../route.ts";
import { chunkOf, oneTimeWriter, requireAppended, type StreamSettings, streamInPath } from "../stream-request.ts";
import { idInPath, parse, pathPart, refuseNul } from "../validation.ts";

const tag = "Streams";

/** The most bytes of a call that sends one record: those of the record, and what is around it. */
const sendBodyLimit = 2 * maxChunkBytes;

/**
 * What sends records to runs, and lets runs wait for them.
 *
 * @param settings - what the routes need
 * @returns the routes
 */
export function inputStreamRoutes(settings: StreamSettings): readonly Route[] {
  return [sendInputRoute(settings), inputWaitRoute(settings)];
}

/** `POST …/input/:streamId`: sends a record to a run. */
function sendInputRoute({ engine, runs }: StreamSettings): Route {
  return {
    method: "POST",
    path: "/realtime/v1/streams/:runId/input/:streamId",
    accepts: "public_token",
    bodyLimit: sendBodyLimit,
    document: {
      summary: "Send a record to a run",
      tag,
      body: sendInputBodySchema,
      answers: { 200: sendInputAnswerSchema },
      scopes: ["write:inputStreams:{runId}"],
      example: { body: { data: { approved: true } }, answer: { ok: true } },
    },
    async answer(request, _reply, caller): Promise<SendInputAnswer> {
      const id = pathPart(request, "runId");
      requireScope(caller, "write", [["inputStreams", id]]);
      const ref = streamInPath(request, caller, true);
      const { data } = parse(sendInputBodySchema, request.body ?? {}, "body");
      const chunks = [chunkOf(JSON.stringify(data))];
      const outcome = await engine.appendToStream({ ...ref, chunks, writer: oneTimeWriter(request) });
      await requireAppended(outcome, runs, ref, id);
      return { ok: true };
    },
  };
}

/** `POST /api/v1/runs/:runId/input-streams/wait`: makes a token that a record completes. */
function inputWaitRoute({ engine, runs }: StreamSettings): Route {
  return {
    method: "POST",
    path: "/api/v1/runs/:runId/input-streams/wait",
    accepts: "environment_key",
    document: {
      summary: "Wait for a record of an input stream",
      tag,
      description: "Makes a token, which the record after `lastSeqNum` completes: at once, if it has come already.",
      body: inputWaitBodySchema,
      answers: { 200: inputWaitAnswerSchema },
      example: { body: { streamId: "approval", timeout: "1d" } },
    },
    async answer(request, _reply, { environment }): Promise<InputWaitAnswer> {
      const id = pathPart(request, "runId");
      const body = parse(inputWaitBodySchema, request.body ?? {}, "body");
      refuseNul(body.streamId, "streamId");
      const tags = body.tags ?? [];
      for (const one of tags) refuseNul(one, "tags");
      const runId = idInPath(request, "runId", "run");
      const ref = { environmentId: environment.id, runId, isInput: true, key: body.streamId };
      const outcome = await engine.createInputWait({
        ...ref,
        seq: (body.lastSeqNum ?? -1) + 1,
        timeout: body.timeout ?? null,
        tags,
        idempotency: idempotencyOf(body, ""),
      });
      const { waitpointId, isCached } = await requireAppended(outcome, runs, ref, id);
      return { waitpointId: toPublicId("waitpoint", waitpointId), isCached };
    },
  };
}
