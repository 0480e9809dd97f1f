import { batchDetailSchema, batchSummarySchema } from "@pawl/contract/api/answers/batches";
import type { BatchDetail, BatchSummary } from "@pawl/contract/api/batch";
import type { FastifyRequest } from "fastify";
import type { BatchReader, BatchRecord } from "../../engine/read-ports.ts";
import { type Caller, requireScope } from "../authentication.ts";
import { batchDetail, batchSummary } from "../batch-view.ts";
import type { Route } from "../route.ts";
import { idInPath, notFound, pathPart } from "../validation.ts";

/**
 * `GET /api/v2/batches/:batchId`: where a batch stands, its runs, and the items that could not be triggered.
 *
 * @param batches - reads batches
 * @returns the route
 */
export function retrieveBatchRoute(batches: Pick<BatchReader, "retrieve">): Route {
  return {
    method: "GET",
    path: "/api/v2/batches/:batchId",
    accepts: "public_token",
    document: {
      summary: "Retrieve a batch",
      tag: "Batches",
      answers: { 200: batchDetailSchema },
      scopes: ["read:batch:{batchId}"],
    },
    async answer(request, _reply, caller): Promise<BatchDetail> {
      return batchDetail(pathPart(request, "batchId"), await find(batches, request, caller));
    },
  };
}

/**
 * `GET /api/v1/batches/:batchId`: the same, without the items that could not be triggered.
 *
 * @param batches - reads batches
 * @returns the route
 */
export function retrieveBatchSummaryRoute(batches: Pick<BatchReader, "retrieve">): Route {
  return {
    method: "GET",
    path: "/api/v1/batches/:batchId",
    accepts: "public_token",
    document: {
      summary: "Retrieve a batch without its errors",
      tag: "Batches",
      answers: { 200: batchSummarySchema },
      scopes: ["read:batch:{batchId}"],
    },
    async answer(request, _reply, caller): Promise<BatchSummary> {
      return batchSummary(pathPart(request, "batchId"), await find(batches, request, caller));
    },
  };
}

async function find(
  batches: Pick<BatchReader, "retrieve">,
  request: FastifyRequest,
  caller: Caller,
): Promise<BatchRecord> {
  const id = pathPart(request, "batchId");
  requireScope(caller, "read", [["batch", id]]);
  const batch = await batches.retrieve(caller.environment.id, idInPath(request, "batchId", "batch"));
  if (batch === null) throw notFound("batch", id);
  return batch;
}
