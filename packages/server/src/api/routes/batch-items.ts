import { batchItemsAnswerSchema } from "@pawl/contract/api/answers/batches";
import type { BatchItemsAnswer } from "@pawl/contract/api/batch";
import { batchItemsQuerySchema, batchLineSchema } from "@pawl/contract/api/batch";
import { maxPayloadBytes } from "@pawl/contract/packet";
import type { FastifyRequest } from "fastify";
import type { BlobStore } from "../../engine/blob-ports.ts";
import type { Engine } from "../../engine/engine.ts";
import type { BatchReader } from "../../engine/read-ports.ts";
import { requireAction, requireScope } from "../authentication.ts";
import { beginUpload } from "../batch-upload.ts";
import { ApiError } from "../errors.ts";
import { LineTooLong, linesOf } from "../lines.ts";
import { payloadBodyLimit } from "../payload.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `POST /api/v3/batches/:batchId/items`: the second phase of a batch, one JSON line for each run. It may be repeated: items
 * that the batch has are skipped, and the batch is sealed once it has them all. With `?sequential=true` no run is queued before
 * that of an earlier line.
 *
 * @param engine - makes the runs
 * @param batches - knows what the batch has
 * @param blobs - has payloads that were sent ahead
 * @returns the route
 */
export function batchItemsRoute(
  engine: Engine,
  batches: Pick<BatchReader, "open">,
  blobs: Pick<BlobStore, "get">,
): Route {
  return {
    method: "POST",
    path: "/api/v3/batches/:batchId/items",
    accepts: "public_token",
    isBodyStreamed: true,
    document: {
      summary: "Send the items of a batch",
      tag: "Batches",
      description:
        "The second phase, one line of JSON for each run. It may be repeated: items that the batch has are skipped.",
      query: batchItemsQuerySchema,
      body: batchLineSchema,
      bodyType: "application/x-ndjson",
      answers: { 200: batchItemsAnswerSchema },
      scopes: ["batchTrigger:tasks:{task}"],
      example: {
        body: { index: 0, task: "mail.send", payload: { to: "ada@example.com" } },
        answer: { id: "batch_01kaqk9s6ye4ja0n3x5v7c9bd1", itemsAccepted: 2, itemsDeduplicated: 0, sealed: true },
      },
    },
    async answer(request, _reply, caller): Promise<BatchItemsAnswer> {
      const { environment } = caller;
      requireAction(caller, "batchTrigger", "tasks");
      requireLines(request);
      const id = pathPart(request, "batchId");
      const batchId = idInPath(request, "batchId", "batch");
      const batch = await batches.open(environment.id, batchId);
      if (batch === null) throw notFound("batch", id);
      if (batch.isAborted) throw aborted(id);
      const allow = (task: string) => requireScope(caller, "batchTrigger", [["tasks", task]]);
      const target = { environment, batchId, blobs, allow, ...batch, isSequential: isSequential(request) };
      const upload = beginUpload(engine, target);
      try {
        for await (const lines of linesOf(request.raw, payloadBodyLimit)) {
          for (const line of lines) {
            upload.add(line);
            await upload.ready();
          }
        }
      } catch (error) {
        if (!(error instanceof LineTooLong)) throw error;
        throw new ApiError(
          "payload_too_large",
          `A line of the batch is over the limit of ${maxPayloadBytes / 1024 / 1024} MB for a payload.`,
          "items",
          { cause: error },
        );
      }
      const result = await upload.finish();
      const answer = { id, itemsAccepted: result.accepted, itemsDeduplicated: result.deduplicated };
      if (result.enqueued < batch.runCount) {
        return { ...answer, sealed: false, enqueuedCount: result.enqueued, expectedCount: batch.runCount };
      }
      await engine.sealBatch(environment.id, batchId);
      return { ...answer, sealed: true };
    },
  };
}

function aborted(id: string): ApiError {
  return new ApiError(
    "unprocessable",
    `The batch ${id} was aborted, since its items did not come in time. Trigger it again as a new one.`,
    "batchId",
  );
}

function isSequential(request: FastifyRequest): boolean {
  const query = request.query as Readonly<Record<string, unknown>>; // the router makes nothing else
  return query.sequential === "true";
}

function requireLines(request: FastifyRequest): void {
  const type = request.headers["content-type"]?.split(";", 1)[0]?.trim().toLowerCase();
  if (type === "application/x-ndjson" || type === "application/ndjson") return;
  throw new ApiError(
    "unsupported_media_type",
    "The items of a batch are lines of JSON: send them with the header 'Content-Type: application/x-ndjson'.",
    "content-type",
  );
}
