import { runTraceSchema, spanAnswerSchema } from "@pawl/contract/api/answers/run-trace";
import {
  type ListedSpan,
  type SpanAnswer,
  type TraceAnswer,
  type TracePageAnswer,
  type TreeSpan,
  traceQuerySchema,
} from "@pawl/contract/api/run-trace";
import { toPublicId } from "@pawl/contract/ids";
import type { FastifyRequest } from "fastify";
import type { TelemetryStore } from "../../engine/ports.ts";
import type { RunReader, RunRecordWithPackets } from "../../engine/read-ports.ts";
import type { Caller } from "../authentication.ts";
import type { Route } from "../route.ts";
import { requireRunRead, runReadScopes } from "../run-scope.ts";
import { type RunSpan, runSpans } from "../run-trace.ts";
import { idInPath, notFound, parse, pathPart } from "../validation.ts";

interface TraceSources {
  readonly runs: Pick<RunReader, "retrieve">;
  readonly telemetry: Pick<TelemetryStore, "read">;
}

/**
 * `GET /api/v1/runs/:runId/trace`: the run, its attempts, and what its code logged, as a tree or in pages.
 *
 * @param sources - where run and telemetry are read
 * @returns the route
 */
export function runTraceRoute(sources: TraceSources): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/trace",
    accepts: "public_token",
    document: {
      summary: "Get the trace of a run",
      tag: "Runs",
      description: "As a tree; with `page[size]` or `page[after]` as pages of a list.",
      query: traceQuerySchema,
      answers: { 200: runTraceSchema },
      scopes: runReadScopes,
    },
    async answer(request, _reply, caller): Promise<TraceAnswer | TracePageAnswer> {
      const { "page[size]": size, "page[after]": after } = parse(traceQuerySchema, request.query, "query");
      const { run, spans } = await readSpans(sources, request, caller);
      if (size !== undefined || after !== undefined) return pageOf(run, spans, size ?? spans.length, after);
      return { trace: { traceId: run.traceId, rootSpan: treeOf(run, spans) } };
    },
  };
}

/**
 * `GET /api/v1/runs/:runId/spans/:spanId`: one span of a run.
 *
 * @param sources - where run and telemetry are read
 * @returns the route
 */
export function runSpanRoute(sources: TraceSources): Route {
  return {
    method: "GET",
    path: "/api/v1/runs/:runId/spans/:spanId",
    accepts: "public_token",
    document: {
      summary: "Get a span of a run",
      tag: "Runs",
      answers: { 200: spanAnswerSchema },
      scopes: runReadScopes,
    },
    async answer(request, _reply, caller): Promise<SpanAnswer> {
      const { run, spans } = await readSpans(sources, request, caller);
      const id = pathPart(request, "spanId");
      const span = spans.find((one) => one.id === id);
      if (span === undefined) throw notFound("span", id);
      return {
        spanId: id,
        parentId: span.parentId,
        ...factsOf(run, span),
        durationMs: span.durationMs,
        ...(span.properties === null ? {} : { properties: span.properties }),
      };
    },
  };
}

async function readSpans(
  { runs, telemetry }: TraceSources,
  request: FastifyRequest,
  caller: Caller,
): Promise<{ readonly run: RunRecordWithPackets; readonly spans: readonly RunSpan[] }> {
  const environmentId = caller.environment.id;
  const run = await runs.retrieve(environmentId, idInPath(request, "runId", "run"));
  requireRunRead(caller, pathPart(request, "runId"), run);
  return { run, spans: runSpans(run, await telemetry.read(environmentId, run.id), Date.now()) };
}

function factsOf(run: RunRecordWithPackets, span: RunSpan) {
  const { message, isError, isPartial, isCancelled, level, startedAt } = span;
  const startTime = startedAt.toISOString();
  return { runId: toPublicId("run", run.id), message, startTime, isError, isPartial, isCancelled, level };
}

function treeOf(run: RunRecordWithPackets, spans: readonly RunSpan[]): TreeSpan {
  const childrenOf = Map.groupBy(spans, ({ parentId }) => parentId);
  const build = (span: RunSpan): TreeSpan => {
    const { runId, ...facts } = factsOf(run, span);
    return {
      id: span.id,
      ...(span.parentId === null ? {} : { parentId: span.parentId }),
      runId,
      data: {
        ...facts,
        duration: toNanoseconds(span),
        taskSlug: run.taskId,
        queueName: run.queueName,
        ...(run.versionLabel === null ? {} : { workerVersion: run.versionLabel }),
        ...(span.properties === null ? {} : { properties: span.properties }),
      },
      children: (childrenOf.get(span.id) ?? []).map(build),
    };
  };
  const [root] = spans;
  if (root === undefined) throw new Error("a run has no span of its own");
  return build(root);
}

function pageOf(
  run: RunRecordWithPackets,
  spans: readonly RunSpan[],
  size: number,
  after: string | undefined,
): TracePageAnswer {
  const start = after === undefined ? 0 : spans.findIndex(({ id }) => id === after) + 1;
  const page = spans.slice(start, start + size);
  const last = page.at(-1);
  const runId = toPublicId("run", run.id);
  return {
    data: page.map(
      (span): ListedSpan => ({
        id: span.id,
        ...(span.parentId === null ? {} : { parentId: span.parentId }),
        ...factsOf(run, span),
        duration: toNanoseconds(span),
        ...(span.attempt === null ? {} : { attemptNumber: span.attempt }),
      }),
    ),
    attemptFailures: page.flatMap(({ id, attempt, isError, message }) =>
      attempt !== null && isError && message === `Attempt ${attempt}`
        ? [{ spanId: id, attemptNumber: attempt, runId }]
        : [],
    ),
    pagination: start + size < spans.length && last !== undefined ? { next: last.id } : {},
  };
}

function toNanoseconds({ durationMs }: RunSpan): number {
  return Math.round(durationMs * 1e6);
}
