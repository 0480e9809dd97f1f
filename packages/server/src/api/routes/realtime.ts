import { shapeAnswerSchema } from "@pawl/contract/api/answers/realtime";
import { shapeQuerySchema, taggedShapeQuerySchema } from "@pawl/contract/api/realtime";
import { parseDuration } from "@pawl/contract/duration";
import { toPublicId } from "@pawl/contract/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { BatchReader, RunReader } from "../../engine/read-ports.ts";
import type { RunSelection } from "../../engine/realtime-ports.ts";
import { runRow } from "../../realtime/run-row.ts";
import type { Shapes } from "../../realtime/shapes.ts";
import { type Caller, requireScope } from "../authentication.ts";
import { ApiError } from "../errors.ts";
import type { Route } from "../route.ts";
import type { RouteDocument } from "../route-document.ts";
import { requireRunRead, runReadScopes } from "../run-scope.ts";
import { idInPath, notFound, parse, pathPart } from "../validation.ts";

// The protocol of Electric's shapes, which published clients speak: a snapshot first, then one request after the other that waits
// for the next change. https://electric-sql.com/docs/api/http

/** How far back runs with a tag are followed unless the reader says, in milliseconds. */
const defaultWindowMs = 86_400_000;

const shapeDescription =
  "First with `offset=-1`: what there is. Then again and again with `live=true` and what the headers `electric-handle` and `electric-offset` of the last answer said: what has changed, as soon as it does, or nothing after some seconds. After a 409 from the beginning.";

/** What the routes need. */
export interface RealtimeSettings {
  readonly shapes: Shapes;
  readonly runs: Pick<RunReader, "retrieve">;
  readonly batches: Pick<BatchReader, "open">;
}

/** The part of a query that every route has. */
interface ShapeQuery {
  readonly offset: string;
  readonly handle?: string | undefined;
  readonly live: "true" | "false";
  readonly skipColumns?: readonly string[] | undefined;
}

/**
 * `GET /realtime/v1/runs/:runId`, `GET /realtime/v1/runs?tags=…` and `GET /realtime/v1/batches/:batchId`: runs as they change.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function realtimeRoutes({ shapes, runs, batches }: RealtimeSettings): readonly Route[] {
  const route = (
    path: string,
    document: Pick<RouteDocument, "summary" | "query" | "scopes">,
    answer: (request: FastifyRequest, reply: FastifyReply, caller: Caller) => unknown,
  ): Route => ({
    method: "GET",
    path,
    accepts: "public_token",
    document: { ...document, tag: "Realtime", description: shapeDescription, answers: { 200: shapeAnswerSchema } },
    answer,
  });
  return [
    route(
      "/realtime/v1/runs/:runId",
      { summary: "Follow a run", query: shapeQuerySchema, scopes: runReadScopes },
      async (request, reply, caller) => {
        const query = parse(shapeQuerySchema, request.query, "query");
        const runId = idInPath(request, "runId", "run");
        // The holder of a token is asked each time: what it claims to have seen is its own word.
        if (query.offset === "-1" || caller.scopes !== null) {
          requireRunRead(caller, pathPart(request, "runId"), await runs.retrieve(caller.environment.id, runId));
        }
        return answerShape({ shapes, request, reply, caller, query, selection: { kind: "run", runId } });
      },
    ),
    route(
      "/realtime/v1/runs",
      { summary: "Follow runs with tags", query: taggedShapeQuerySchema, scopes: ["read:runs", "read:tags:{tag}"] },
      (request, reply, caller) => {
        const query = parse(taggedShapeQuerySchema, request.query, "query");
        const { tags = [] } = query;
        requireScope(caller, "read", [["runs", "*"], ...tags.map((tag) => ["tags", tag] as const)]);
        if (tags.length === 0) throw new ApiError("invalid_request", "tags: name the tags that the runs have.", "tags");
        const since = sinceOf(Date.now(), windowOf(query.createdAt));
        return answerShape({ shapes, request, reply, caller, query, selection: { kind: "tags", tags, since } });
      },
    ),
    route(
      "/realtime/v1/batches/:batchId",
      { summary: "Follow the runs of a batch", query: shapeQuerySchema, scopes: ["read:batch:{batchId}"] },
      async (request, reply, caller) => {
        const query = parse(shapeQuerySchema, request.query, "query");
        const id = pathPart(request, "batchId");
        requireScope(caller, "read", [["batch", id]]);
        const batchId = idInPath(request, "batchId", "batch");
        if ((await batches.open(caller.environment.id, batchId)) === null) throw notFound("batch", id);
        return answerShape({ shapes, request, reply, caller, query, selection: { kind: "batch", batchId } });
      },
    ),
  ];
}

/** To a thousandth of the window, so that many who look at the same runs are served together. */
function sinceOf(nowMs: number, windowMs: number): Date {
  const stepMs = Math.max(1, Math.floor(windowMs / 1_000));
  return new Date(Math.floor((nowMs - windowMs) / stepMs) * stepMs);
}

function windowOf(text: string | undefined): number {
  if (text === undefined) return defaultWindowMs;
  const lengthMs = parseDuration(text);
  if (lengthMs !== null) return lengthMs;
  throw new ApiError(
    "invalid_request",
    `createdAt: "${text.slice(0, 64)}" is no duration; write it as 1h or 7d.`,
    "createdAt",
  );
}

interface ShapeCall {
  readonly shapes: Shapes;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly caller: Caller;
  readonly query: ShapeQuery;
  readonly selection: RunSelection;
}

async function answerShape({ shapes, reply, caller, query, selection }: ShapeCall): Promise<unknown> {
  const { offset, handle, skipColumns } = query;
  const isLive = query.live === "true";
  const gone = new AbortController();
  reply.raw.on("close", () => gone.abort());
  const answer = await shapes.answer({
    environmentId: caller.environment.id,
    selection,
    seen: offset === "-1" || handle === undefined ? null : { handle, offset },
    isLive,
    signal: gone.signal,
  });
  reply.header("cache-control", "no-store");
  if (answer.kind === "must_refetch") {
    reply.code(409).header("electric-handle", `${Date.now()}`);
    return [{ headers: { control: "must-refetch" } }];
  }
  reply
    .header("electric-handle", answer.handle)
    .header("electric-offset", answer.offset)
    .header("electric-up-to-date", "");
  if (isLive) reply.header("electric-cursor", answer.offset);
  else reply.header("electric-schema", "{}"); // values are plain JSON
  const skipped = new Set(caller.skippedColumns ?? skipColumns ?? []);
  return [
    ...answer.rows.map(({ run, isNew }) => ({
      key: `"public"."TaskRun"/"${toPublicId("run", run.id)}"`,
      value: runRow(run, skipped),
      headers: { operation: isNew ? "insert" : "update" },
    })),
    { headers: { control: "up-to-date" } },
  ];
}
