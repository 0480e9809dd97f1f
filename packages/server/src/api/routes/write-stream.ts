import { createStreamAnswerSchema, writeStreamAnswerSchema } from "@pawl/contract/api/answers/streams";
import { type CreateStreamAnswer, streamWriteHeadersSchema, type WriteStreamAnswer } from "@pawl/contract/api/streams";
import type { FastifyReply, FastifyRequest } from "fastify";
import { maxChunkBytes, type StreamRef } from "../../engine/stream-ports.ts";
import { LineTooLong, linesOf } from "../lines.ts";
import type { Route } from "../route.ts";
import {
  chunkOf,
  chunkTooLong,
  oneTimeWriter,
  requireAppended,
  type StreamSettings,
  streamInPath,
} from "../stream-request.ts";
import { parse, pathPart } from "../validation.ts";

const tag = "Streams";
const ownPath = "/realtime/v1/streams/:runId/self/:streamId";

/**
 * What writes to the streams that runs give.
 *
 * @param settings - what the routes need
 * @returns the routes
 */
export function writeStreamRoutes(settings: StreamSettings): readonly Route[] {
  return [
    createStreamRoute(settings),
    writeStreamRoute(settings),
    writerPositionRoute(settings),
    appendToStreamRoute(settings),
  ];
}

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
      const { raw } = request;
      const { socket } = raw; // whoever stops reading the body takes it from the request
      const cut = () => void (raw.complete || raw.destroy()); // its writer comes again, to this server or another
      streams.closing.addEventListener("abort", cut, { once: true });
      try {
        return await storeLines(request, ref, { engine, runs });
      } catch (error) {
        if (error instanceof LineTooLong) throw chunkTooLong({ cause: error });
        if (socket.destroyed) return reply.hijack(); // its writer has gone
        throw error;
      } finally {
        streams.closing.removeEventListener("abort", cut);
      }
    },
  };
}

/** What has come while an array was stored makes the next. */
async function storeLines(
  request: FastifyRequest,
  ref: StreamRef,
  { engine, runs }: Pick<StreamSettings, "engine" | "runs">,
): Promise<WriteStreamAnswer> {
  const headers = parse(streamWriteHeadersSchema, request.headers, "headers");
  const clientId = headers["x-client-id"] ?? null;
  let nextIndex = headers["x-resume-from-chunk"] ?? 0;
  let lastEventId: string | undefined;
  for await (const lines of linesOf(request.raw, maxChunkBytes)) {
    if (lines.length === 0) continue;
    const writer = clientId === null ? null : { clientId, firstIndex: nextIndex };
    const outcome = await engine.appendToStream({ ...ref, chunks: lines.map(chunkOf), writer });
    const { records } = await requireAppended(outcome, runs, ref, pathPart(request, "runId"));
    nextIndex += lines.length;
    lastEventId = records.at(-1)?.seq.toString() ?? lastEventId;
  }
  return { ok: true, ...(lastEventId === undefined ? {} : { lastEventId }) };
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
