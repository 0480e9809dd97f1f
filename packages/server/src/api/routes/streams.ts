import {
  createStreamAnswerSchema,
  inputWaitAnswerSchema,
  sendInputAnswerSchema,
  writeStreamAnswerSchema,
} from "@pawl/contract/api/answers/streams";
import { requestKeyHeader } from "@pawl/contract/api/headers";
import {
  type CreateStreamAnswer,
  type InputWaitAnswer,
  inputWaitBodySchema,
  type SendInputAnswer,
  sendInputBodySchema,
  streamReadHeadersSchema,
  streamWriteHeadersSchema,
  type WriteStreamAnswer,
} from "@pawl/contract/api/streams";
import { toPublicId } from "@pawl/contract/ids";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Engine } from "../../engine/engine.ts";
import type { RunReader } from "../../engine/read-ports.ts";
import { maxChunkBytes, type StreamRef } from "../../engine/stream-ports.ts";
import type { Streams } from "../../realtime/streams.ts";
import { type Caller, requireScope } from "../authentication.ts";
import { sendEvents } from "../event-stream.ts";
import { idempotencyOf } from "../idempotency.ts";
import { LineTooLong, linesOf } from "../lines.ts";
import type { Route } from "../route.ts";
import { requireRunRead } from "../run-scope.ts";
import { chunkOf, chunkTooLong, requireAppended, streamInPath } from "../stream-request.ts";
import { idInPath, parse, pathPart, refuseNul } from "../validation.ts";

/** A reader of whom nothing is to be told hears so often that the connection is alive, in milliseconds. */
const aliveEveryMs = 15_000;

/** The most bytes of a call that sends one record: those of the record, and what is around it. */
const sendBodyLimit = 2 * maxChunkBytes;

/** What the routes need. */
export interface StreamSettings {
  readonly engine: Pick<Engine, "appendToStream" | "createStream" | "createInputWait">;
  readonly runs: Pick<RunReader, "retrieve">;
  readonly streams: Streams;
}

/**
 * Streams of runs: chunks that a run gives while it executes, and records that are sent to it.
 *
 * @param settings - what they need
 * @returns the routes
 */
export function streamRoutes(settings: StreamSettings): readonly Route[] {
  return [
    createStreamRoute(settings),
    writeStreamRoute(settings),
    writerPositionRoute(settings),
    appendToStreamRoute(settings),
    readStreamRoute(settings, "/realtime/v1/streams/:runId/:streamId", false),
    readStreamRoute(settings, "/realtime/v1/streams/:runId/input/:streamId", true),
    sendInputRoute(settings),
    inputWaitRoute(settings),
  ];
}

const tag = "Streams";
const ownPath = "/realtime/v1/streams/:runId/self/:streamId";

/** `PUT …/self/:streamId`: makes a stream that a run gives, so that readers of the run know of it. */
function createStreamRoute({ engine, runs }: StreamSettings): Route {
  return {
    method: "PUT",
    path: ownPath,
    accepts: "environment_key",
    document: {
      summary: "Create a stream of a run",
      tag,
      description: "Writing to a stream creates it, too. Its chunks are written to this server.",
      answers: { 202: createStreamAnswerSchema },
    },
    async answer(request, reply, caller): Promise<CreateStreamAnswer> {
      const ref = streamInPath(request, caller, false);
      const kind = await engine.createStream(ref);
      await requireAppended({ kind }, runs, ref, pathPart(request, "runId"));
      reply.code(202);
      return { version: "v1" };
    },
  };
}

/**
 * `POST …/self/:streamId`: adds chunks, a line of JSON each, as they come; the request may stay open. A writer that says who he is
 * and which of his chunks comes first can send some again.
 */
function writeStreamRoute({ engine, runs, streams }: StreamSettings): Route {
  return {
    method: "POST",
    path: ownPath,
    accepts: "environment_key",
    isBodyStreamed: true,
    document: {
      summary: "Write chunks to a stream of a run",
      tag,
      description:
        "One line of JSON for each chunk; the request may stay open while they come. With `X-Client-Id` and `X-Resume-From-Chunk`, " +
        "the number of the first chunk in the writer's own count, chunks that come twice are stored once.",
      bodyType: "application/x-ndjson",
      answers: { 200: writeStreamAnswerSchema },
    },
    async answer(request, reply, caller): Promise<WriteStreamAnswer | FastifyReply> {
      const ref = streamInPath(request, caller, false);
      const headers = parse(streamWriteHeadersSchema, request.headers, "headers");
      const clientId = headers["x-client-id"] ?? null;
      let nextIndex = headers["x-resume-from-chunk"] ?? 0;
      let lastSeq: number | null = null;
      const cut = () => void (request.raw.complete || request.raw.destroy());
      streams.closing.addEventListener("abort", cut, { once: true });
      try {
        for await (const lines of linesOf(request.raw, maxChunkBytes)) {
          if (lines.length === 0) continue;
          const writer = clientId === null ? null : { clientId, firstIndex: nextIndex };
          const outcome = await engine.appendToStream({ ...ref, chunks: lines.map(chunkOf), writer });
          const { records } = await requireAppended(outcome, runs, ref, pathPart(request, "runId"));
          nextIndex += lines.length;
          lastSeq = records.at(-1)?.seq ?? lastSeq;
        }
      } catch (error) {
        if (error instanceof LineTooLong) throw chunkTooLong({ cause: error });
        if (request.raw.destroyed && !request.raw.complete) return reply.hijack(); // its writer has gone, and comes again
        throw error;
      } finally {
        streams.closing.removeEventListener("abort", cut);
      }
      return { ok: true, ...(lastSeq === null ? {} : { lastEventId: String(lastSeq) }) };
    },
  };
}

/** `HEAD …/self/:streamId`: how far a writer has come, in his own count. */
function writerPositionRoute({ streams }: StreamSettings): Route {
  return {
    method: "HEAD",
    path: ownPath,
    accepts: "environment_key",
    document: {
      summary: "Ask how far a writer of a stream has come",
      tag,
      description: "Answers in `X-Last-Chunk-Index` which chunk of the writer `X-Client-Id` was stored last; -1: none.",
      answers: { 200: null },
    },
    async answer(request, reply, caller): Promise<string> {
      const ref = streamInPath(request, caller, false);
      const { "x-client-id": clientId } = parse(streamWriteHeadersSchema, request.headers, "headers");
      const count = clientId === undefined ? 0 : await streams.writtenBy(ref, clientId);
      reply.header("x-last-chunk-index", String(count - 1));
      return "";
    },
  };
}

/** `POST …/self/:streamId/append`: adds one chunk, whose text is the body. */
function appendToStreamRoute({ engine, runs }: StreamSettings): Route {
  return {
    method: "POST",
    path: `${ownPath}/append`,
    accepts: "environment_key",
    isBodyStreamed: true,
    document: {
      summary: "Append a text to a stream of a run",
      tag,
      description: "The body as it is, a text, is the chunk.",
      bodyType: "text/plain",
      answers: { 200: writeStreamAnswerSchema },
    },
    async answer(request, _reply, caller): Promise<WriteStreamAnswer> {
      const ref = streamInPath(request, caller, false);
      const chunk = JSON.stringify(await textOf(request));
      const outcome = await engine.appendToStream({ ...ref, chunks: [chunkOf(chunk)], writer: oneTimeWriter(request) });
      const { records } = await requireAppended(outcome, runs, ref, pathPart(request, "runId"));
      const last = records.at(-1);
      return { ok: true, ...(last === undefined ? {} : { lastEventId: String(last.seq) }) };
    },
  };
}

async function textOf(request: FastifyRequest): Promise<string> {
  const pieces: Buffer[] = [];
  let length = 0;
  for await (const piece of request.raw as AsyncIterable<Buffer>) {
    length += piece.length;
    if (length > maxChunkBytes) throw chunkTooLong();
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}

/** A call that is repeated has the same key, and adds its chunk once. */
function oneTimeWriter(request: FastifyRequest): { readonly clientId: string; readonly firstIndex: 0 } | null {
  const key = request.headers[requestKeyHeader];
  return typeof key === "string" && key !== "" ? { clientId: `once ${key.slice(0, 128)}`, firstIndex: 0 } : null;
}

/** `GET …/:streamId` and `GET …/input/:streamId`: a stream as server-sent events. */
function readStreamRoute({ streams, runs }: StreamSettings, path: string, isInput: boolean): Route {
  return {
    method: "GET",
    path,
    accepts: "public_token",
    document: {
      summary: isInput ? "Read what is sent to a run" : "Read a stream of a run",
      tag,
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
  return scopes?.some((scope) => scope === "read:inputStreams" || scope === `read:inputStreams:${runId}`) === true;
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
