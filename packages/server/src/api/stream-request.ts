import { streamKeySchema } from "@pawl/contract/api/streams";
import type { FastifyRequest } from "fastify";
import type { Engine } from "../engine/engine.ts";
import type { RunReader } from "../engine/read-ports.ts";
import type { AppendOutcome } from "../engine/stream-ports.ts";
import { maxChunkBytes, maxStreamBytes, maxStreams, type StreamRef } from "../engine/stream-ports.ts";
import type { Streams } from "../realtime/streams.ts";
import type { Caller } from "./authentication.ts";
import { ApiError } from "./errors.ts";
import { requestKeyOf } from "./request-key.ts";
import { idInPath, notFound, parse, pathPart, refuseNul } from "./validation.ts";

/** What the routes of streams need. */
export interface StreamSettings {
  readonly engine: Pick<Engine, "appendToStream" | "createStream" | "createInputWait">;
  readonly runs: Pick<RunReader, "retrieve">;
  readonly streams: Streams;
}

const megabyte = 1024 * 1024;

/**
 * Reads from the path which stream is meant.
 *
 * @param request - a request whose route has a run and a stream in its path
 * @param caller - whose environment the run is in
 * @param isInput - whether the stream is sent to the run
 * @returns the stream, which there may not be yet
 * @throws ApiError that names what is wrong with its id
 */
export function streamInPath(request: FastifyRequest, caller: Caller, isInput: boolean): StreamRef {
  const key = parse(streamKeySchema, pathPart(request, "streamId"), "streamId");
  refuseNul(key, "streamId");
  return { environmentId: caller.environment.id, runId: idInPath(request, "runId", "run"), isInput, key };
}

/**
 * Gives the chunks that are new, or says why none was added.
 *
 * @param outcome - what became of an append
 * @param runs - tells a run that is over from one that there is not
 * @param ref - the stream
 * @param runId - the run as the caller named it
 * @returns the outcome of an append that was done
 * @throws ApiError that says what to do
 */
export async function requireAppended<T extends { readonly kind: string }>(
  outcome: T,
  runs: Pick<RunReader, "retrieve">,
  ref: StreamRef,
  runId: string,
): Promise<Exclude<T, Extract<AppendOutcome, { kind: "run_over" | "full" | "too_many_streams" }>>> {
  switch (outcome.kind) {
    case "run_over":
      if ((await runs.retrieve(ref.environmentId, ref.runId)) === null) throw notFound("run", runId);
      throw new ApiError(
        "invalid_request",
        `The run ${runId} is over, so that nothing is added to its streams. Trigger another one.`,
        "runId",
      );
    case "full":
      throw new ApiError(
        "payload_too_large",
        `The stream ${ref.key} is full: one holds ${maxStreamBytes / megabyte} MB. Go on with another stream of the run.`,
        "streamId",
      );
    case "too_many_streams":
      throw new ApiError(
        "unprocessable",
        `The run ${runId} has ${maxStreams} streams, which is the most. Send what belongs together to one of them.`,
        "streamId",
      );
    default:
      return outcome as never; // what is left when those above have thrown
  }
}

/**
 * Makes one line of JSON of what somebody sends as a chunk: what is no JSON is taken for a text.
 *
 * @param text - the chunk, without a line feed
 * @returns the JSON
 * @throws ApiError `payload_too_large`
 */
export function chunkOf(text: string): string {
  const chunk = isJson(text) ? text : JSON.stringify(text);
  if (chunk.length * 3 > maxChunkBytes && Buffer.byteLength(chunk) > maxChunkBytes) throw chunkTooLong();
  return chunk;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return !text.includes("\n") && !text.includes("\r");
  } catch {
    return false;
  }
}

/** The answer to a chunk over the limit. */
export function chunkTooLong(options?: ErrorOptions): ApiError {
  return new ApiError(
    "payload_too_large",
    `A chunk of the stream is over the limit of ${maxChunkBytes / megabyte} MB. Split it.`,
    "body",
    options,
  );
}

/**
 * Reads who makes a call that adds one chunk: a call that is repeated has the same key, and adds its chunk once.
 *
 * @param request - the call
 * @returns the writer of one chunk; null without a key
 */
export function oneTimeWriter(request: FastifyRequest): { readonly clientId: string; readonly firstIndex: 0 } | null {
  const key = requestKeyOf(request);
  return key === null ? null : { clientId: `once ${key}`, firstIndex: 0 };
}
