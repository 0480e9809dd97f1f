import type { Answer } from "./api-answers.ts";
import type { MemoryRun } from "./memory-run.ts";
import { MemoryStream } from "./memory-stream.ts";
import type { CallParts } from "./run-calls.ts";
import { type ApiRequest, EventStream } from "./test-api.ts";

/**
 * Answers what concerns streams: what runs write, what is sent to them, and who reads either.
 *
 * @param parts - where runs and tokens are
 * @returns the routes with their answers
 */
export function streamAnswers({ engine, tokens }: CallParts): readonly (readonly [string, Answer])[] {
  return [
    [
      "POST /realtime/v1/streams/:id/self/:key",
      ([id = "", key = ""], { body }) => {
        const lines = body.split("\n").filter((line) => line !== "");
        streamOf(engine.run(id).streams, key).add(lines.map((line) => JSON.parse(line)));
        return { ok: true };
      },
    ],
    [
      "POST /realtime/v1/streams/:id/input/:key",
      ([id = "", key = ""], { body }) => {
        const { data } = JSON.parse(body) as { readonly data: unknown }; // written by the SDK
        streamOf(engine.run(id).inputs, key).add([data]);
        return { ok: true };
      },
    ],
    [
      "POST /api/v1/runs/:id/input-streams/wait",
      ([id = ""], { body }) => {
        const { streamId, lastSeqNum = -1, ...options } = JSON.parse(body) as InputWait; // written by the SDK
        const stream = streamOf(engine.run(id).inputs, streamId);
        const { token, isCached } = tokens.make({ ...options, about: `the input stream ${streamId}` });
        const look = () => {
          if (stream.chunks.length > lastSeqNum + 1) tokens.completeWith(token.id, stream.chunks[lastSeqNum + 1]);
        };
        if (!isCached) token.waitpoint.whenOver(stream.listen(look));
        look();
        return { waitpointId: token.id, isCached };
      },
    ],
    [
      "GET /realtime/v1/streams/:id/input/:key",
      ([id = "", key = ""], request) => events(engine.run(id), streamOf(engine.run(id).inputs, key), request),
    ],
    [
      "GET /realtime/v1/streams/:id/:key",
      ([id = "", key = ""], request) => events(engine.run(id), streamOf(engine.run(id).streams, key), request),
    ],
  ];
}

interface InputWait {
  readonly streamId: string;
  /** The number of the record before. */
  readonly lastSeqNum?: number;
  readonly timeout?: string;
  readonly tags?: readonly string[];
  readonly idempotencyKey?: string;
  readonly idempotencyKeyTTL?: string;
}

function streamOf(streams: Map<string, MemoryStream>, key: string): MemoryStream {
  const stream = streams.get(key) ?? new MemoryStream();
  streams.set(key, stream);
  return stream;
}

function events({ ended }: MemoryRun, stream: MemoryStream, { headers }: ApiRequest): EventStream {
  const last = headers["last-event-id"];
  const isFromLatest = last === undefined && headers["x-trigger-stream-start"] === "latest";
  const from = isFromLatest ? stream.chunks.length : Number(last ?? -1) + 1;
  const seconds = headers["timeout-seconds"];
  const idleMs = seconds === undefined ? null : Number(seconds) * 1_000;
  return new EventStream((signal) => stream.events({ from, idleMs, ended, signal }));
}
