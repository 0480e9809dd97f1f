import { streamReadHeadersSchema } from "@pawl/contract/api/streams";
import type { FastifyReply } from "fastify";
import type { StreamRef } from "../../engine/stream-ports.ts";
import type { Streams } from "../../realtime/streams.ts";
import type { Caller } from "../authentication.ts";
import { sendEvents } from "../event-stream.ts";
import { isCovered } from "../public-token.ts";
import type { Route } from "../route.ts";
import { requireRunRead } from "../run-scope.ts";
import { type StreamSettings, streamInPath } from "../stream-request.ts";
import { parse, pathPart } from "../validation.ts";

/** A reader of whom nothing is to be told hears so often that the connection is alive, in milliseconds. */
const aliveEveryMs = 15_000;

/**
 * What reads streams, in both directions.
 *
 * @param settings - what the routes need
 * @returns the routes
 */
export function readStreamRoutes(settings: StreamSettings): readonly Route[] {
  return [
    readStreamRoute(settings, "/realtime/v1/streams/:runId/:streamId", false),
    readStreamRoute(settings, "/realtime/v1/streams/:runId/input/:streamId", true),
  ];
}

/** `GET …/:streamId` and `GET …/input/:streamId`: a stream as server-sent events. */
function readStreamRoute({ streams, runs }: StreamSettings, path: string, isInput: boolean): Route {
  return {
    method: "GET",
    path,
    accepts: "public_token",
    document: {
      summary: isInput ? "Read what is sent to a run" : "Read a stream of a run",
      tag: "Streams",
      description:
        "Server-sent events, from the first chunk on, or from the one after `Last-Event-ID`. The answer ends when the run has ended, or " +
        "when `Timeout-Seconds` have passed without a chunk; a connection that breaks is no end. An event `batch` has " +
        '`{"records":[{"seq_num","timestamp","body"}]}`, and each body is `{"data": <the chunk>}`. With `X-Stream-Version: v1` each ' +
        "chunk is an event of its own. `X-Trigger-Stream-Start: latest` leaves out what is there.",
      answers: { 200: null },
      scopes: isInput
        ? ["read:runs:{runId}", "read:inputStreams:{runId}"]
        : ["read:runs:{runId}", "read:tasks:{task}", "read:tags:{tag}", "read:batch:{batch}"],
    },
    async answer(request, reply, caller): Promise<unknown> {
      const id = pathPart(request, "runId");
      const ref = streamInPath(request, caller, isInput);
      const headers = parse(streamReadHeadersSchema, request.headers, "headers");
      const mayReadInput = isInput && mayRead(caller, id);
      const run = await runs.retrieve(ref.environmentId, ref.runId);
      requireRunRead(mayReadInput ? { ...caller, scopes: null } : caller, id, run);
      const isFromLatest = headers["x-trigger-stream-start"] === "latest" && headers["last-event-id"] === undefined;
      const position = isFromLatest ? (await streams.count(ref)) - 1 : null;
      const format = headers["x-stream-version"] ?? "v2";
      if (request.method === "HEAD") return reply.header("x-stream-version", format).send("");
      await answerEvents(reply, streams, {
        ref,
        afterSeq: position ?? headers["last-event-id"] ?? -1,
        idleMs: headers["timeout-seconds"] === undefined ? null : headers["timeout-seconds"] * 1_000,
        format,
        position,
      });
      return reply;
    },
  };
}

function mayRead({ scopes }: Caller, runId: string): boolean {
  return scopes !== null && isCovered(scopes, "read", [["inputStreams", runId]]);
}

interface Reading {
  readonly ref: StreamRef;
  readonly afterSeq: number;
  readonly idleMs: number | null;
  readonly format: "v1" | "v2";
  readonly position: number | null;
}

async function answerEvents(reply: FastifyReply, streams: Streams, reading: Reading): Promise<void> {
  const { ref, afterSeq, idleMs, format, position } = reading;
  const gone = new AbortController();
  reply.hijack();
  reply.raw.on("close", () => gone.abort());
  const news = streams.read({ ref, afterSeq, idleMs, aliveEveryMs, signal: gone.signal });
  await sendEvents(reply.raw, news, format, position);
}
