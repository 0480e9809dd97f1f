import { publicRunError } from "@pawl/contract/errors";
import { applyMetadataOperations, type MetadataOperation } from "@pawl/contract/metadata-operations";
import { type Packet, type PacketType, packetAsJson } from "@pawl/contract/packet";
import { publicStatus, statusFlags } from "@pawl/contract/run-state";
import type { BatchItem } from "./batches.ts";
import type { MemoryRun, RunOptions } from "./memory-run.ts";
import { Refusal } from "./refusal.ts";
import type { CallParts } from "./run-calls.ts";
import { streamAnswers } from "./stream-answers.ts";
import type { ApiRequest } from "./test-api.ts";

/** Answers the requests for a route, with the parts of the path that vary. */
export type Answer = (match: readonly string[], request: ApiRequest) => unknown;

/**
 * Answers the requests that runs and the code around them make of a server: triggers, batches, tokens, and what concerns
 * single runs.
 *
 * @param parts - where runs, batches and tokens are
 * @returns the answerer
 */
export function apiAnswers(parts: CallParts): (request: ApiRequest) => unknown {
  const answers = [...triggerAnswers(parts), ...runAnswers(parts), ...tokenAnswers(parts), ...streamAnswers(parts)];
  return (request) => {
    for (const [route, answer] of answers) {
      const match = matchRoute(route, request);
      if (match !== null) return answer(match, request);
    }
    return undefined;
  };
}

/**
 * Reads the parts of a request's path that a route has a `:name` for.
 *
 * @param route - such as `GET /api/v3/runs/:id`
 * @param request - the request
 * @returns the parts, in their order; null when the request is for another route
 */
export function matchRoute(route: string, { method, path }: ApiRequest): readonly string[] | null {
  const expected = route.replace(" ", "/").split("/");
  const given = `${method}${path}`.split("/");
  if (expected.length - 1 !== given.length) return null;
  const found: string[] = [];
  const [expectedMethod, , ...parts] = expected;
  if (expectedMethod !== given[0]) return null;
  for (const [index, part] of parts.entries()) {
    const text = given[index + 1] ?? "";
    if (part.startsWith(":")) found.push(decodeURIComponent(text));
    else if (part !== text) return null;
  }
  return found;
}

function triggerAnswers({ engine, batches }: CallParts): readonly (readonly [string, Answer])[] {
  return [
    [
      "POST /api/v1/tasks/:id/trigger",
      ([taskId = ""], { body }) => {
        const { payload, options = {} } = parse<{ payload?: string; options?: RunOptions }>(body);
        const parent = typeof options.parentRunId === "string" ? engine.run(options.parentRunId) : null;
        const { run, isCached } = engine.trigger({ taskId, payload: packetOf(payload, options), options, parent });
        if (parent !== null && typeof options.parentWait === "string") {
          engine.openWait(parent, options.parentWait, engine.waitpointOf(run));
        }
        return { id: run.id, isCached };
      },
    ],
    [
      "POST /api/v1/idempotencyKeys/:key/reset",
      ([key = ""], { body }) => {
        const { taskIdentifier: taskId } = parse<{ taskIdentifier: string }>(body);
        if (!engine.freeKey(taskId, key))
          throw new Refusal("not_found", `This test has no run of ${taskId} with the key ${key}.`);
        return { id: key };
      },
    ],
    [
      "POST /api/v3/batches",
      (_match, { body }) => {
        const { runCount, parentRunId } = parse<{ runCount: number; parentRunId?: string }>(body);
        const parent = parentRunId === undefined ? null : engine.run(parentRunId);
        return { id: batches.make(runCount, parent).id, runCount, isCached: false };
      },
    ],
    [
      "POST /api/v3/batches/:id/items",
      ([id = ""], { body }) => {
        const batch = batches.get(id);
        const lines = body.split("\n").filter((line) => line !== "");
        batches.add(
          batch,
          lines.map((line) => parse<BatchItem>(line)),
        );
        const count = batch.runs.size;
        return {
          id,
          itemsAccepted: count,
          itemsDeduplicated: 0,
          sealed: count >= batch.runCount,
          enqueuedCount: count,
        };
      },
    ],
  ];
}

function runAnswers({ engine }: CallParts): readonly (readonly [string, Answer])[] {
  return [
    ["GET /api/v3/runs/:id", ([id = ""]) => runView(engine.run(id))],
    [
      "POST /api/v2/runs/:id/cancel",
      ([id = ""]) => {
        engine.cancel(engine.run(id));
        return { id };
      },
    ],
    ["GET /api/v1/runs/:id/metadata", ([id = ""]) => ({ metadata: engine.run(id).metadata })],
    ["PUT /api/v1/runs/:id/metadata", ([id = ""], { body }) => changeMetadata(engine.run(id), parse(body))],
    [
      "POST /api/v1/runs/:id/tags",
      ([id = ""], { body }) => {
        const run = engine.run(id);
        const { tags } = parse<{ tags: string | readonly string[] }>(body);
        run.tags = [...new Set([...run.tags, ...[tags].flat()])];
        return { message: "Added." };
      },
    ],
  ];
}

function tokenAnswers({ tokens }: CallParts): readonly (readonly [string, Answer])[] {
  const complete = (id: string, data: unknown) => {
    tokens.completeWith(id, data);
    return { success: true };
  };
  return [
    [
      "POST /api/v1/waitpoints/tokens",
      (_match, { body }) => {
        const { tags, timeout, idempotencyKey, idempotencyKeyTTL } = parse<Parameters<typeof tokens.make>[0]>(body);
        const { token, isCached } = tokens.make({ tags, timeout, idempotencyKey, idempotencyKeyTTL });
        return { id: token.id, isCached, url: tokens.urlOf(token), publicAccessToken: "test" };
      },
    ],
    [
      "POST /api/v1/waitpoints/tokens/:id/complete",
      ([id = ""], { body }) => complete(id, parse<{ data?: unknown }>(body).data),
    ],
    ["POST /api/v1/waitpoints/tokens/:id/callback/:hash", ([id = ""], { body }) => complete(id, parse(body))],
    ["POST /api/v1/auth/public-tokens", () => ({ token: "test" })],
    ["GET /api/v1/waitpoints/tokens/:id", ([id = ""]) => tokens.view(tokens.get(id))],
  ];
}

interface MetadataChange {
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly operations?: readonly MetadataOperation[];
  readonly parentOperations?: readonly MetadataOperation[];
  readonly rootOperations?: readonly MetadataOperation[];
}

function changeMetadata(run: MemoryRun, change: MetadataChange): { readonly metadata: MemoryRun["metadata"] } {
  const apply = (target: MemoryRun | null, operations: readonly MetadataOperation[] = []) => {
    if (target !== null) target.metadata = applyMetadataOperations(target.metadata, operations);
  };
  if (change.metadata !== undefined) run.metadata = change.metadata;
  apply(run, change.operations);
  apply(run.order.parent, change.parentOperations);
  apply(run.root, change.rootOperations);
  return { metadata: run.metadata };
}

function runView(run: MemoryRun): Readonly<Record<string, unknown>> {
  const { order, ending, attempt: attemptCount, metadata, tags, createdAt, taskId: taskIdentifier } = run;
  const status = publicStatus(run.standing);
  return {
    id: run.id,
    status,
    ...statusFlags(status),
    taskIdentifier,
    createdAt,
    updatedAt: createdAt,
    isTest: false,
    metadata,
    tags,
    attemptCount,
    attempts: [],
    costInCents: 0,
    baseCostInCents: 0,
    durationMs: 0,
    relatedRuns: { children: [] },
    payload: packetAsJson(order.payload),
    ...(ending?.output === undefined ? {} : { output: packetAsJson(ending.output) }),
    ...(ending?.error === undefined ? {} : { error: publicRunError(ending.error) }),
  };
}

function packetOf(text: string | undefined, options: RunOptions): Packet {
  const type = (options.payloadType ?? "application/json") as PacketType; // written by the SDK
  return text === undefined ? { type } : { type, text };
}

function parse<T>(body: string): T {
  return (body === "" ? {} : JSON.parse(body)) as T; // written by the SDK
}
