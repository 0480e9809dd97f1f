import type { PacketType } from "@pawl/contract/packet";
import type {
  BatchCallAnswer,
  RunCall,
  TokenCallAnswer,
  TriggerCallAnswer,
  WaitCallAnswer,
} from "@pawl/contract/worker-protocol";
import type { Batches } from "./batches.ts";
import type { MemoryEngine } from "./memory-engine.ts";
import type { MemoryRun } from "./memory-run.ts";
import { Refusal } from "./refusal.ts";
import type { Tokens } from "./tokens.ts";
import { Waitpoint } from "./waitpoint.ts";

/** What the calls of runs need. */
export interface CallParts {
  readonly engine: MemoryEngine;
  readonly batches: Batches;
  readonly tokens: Tokens;
}

type Call<K extends RunCall["kind"]> = Extract<RunCall, { kind: K }>;

/**
 * Answers what the code of a run asks of the server.
 *
 * @param parts - where runs, batches and tokens are
 * @param run - the run
 * @param request - what it asks
 * @returns the answer, as the protocol of worker hosts has it
 * @throws Refusal when it can't be done
 */
export function answerCall(parts: CallParts, run: MemoryRun, request: RunCall): unknown {
  switch (request.kind) {
    case "trigger":
      return trigger(parts, run, request);
    case "batch":
      return makeBatch(parts, run, request);
    case "time":
      return openTime(parts, run, request);
    case "token":
      return makeToken(parts, request);
    case "join":
      return join(parts, run, request);
    case "await":
      parts.engine.awaits(run, request.waits);
      return null;
  }
}

function trigger({ engine }: CallParts, parent: MemoryRun, request: Call<"trigger">): TriggerCallAnswer {
  const { taskId, payload, wait } = request;
  const options = { ...request.options };
  const type = typeOf(options.payloadType);
  const packet = payload === undefined ? { type } : { type, text: payload };
  const { run, isCached } = engine.trigger({ taskId, payload: packet, options, parent });
  if (wait !== undefined) engine.openWait(parent, wait, engine.waitpointOf(run));
  return { runId: run.id, isCached };
}

function makeBatch({ engine, batches }: CallParts, run: MemoryRun, request: Call<"batch">): BatchCallAnswer {
  const batch = batches.make(request.runCount, run);
  if (request.wait !== undefined) engine.openWait(run, request.wait, batch.waitpoint);
  return { batchId: batch.id, runCount: request.runCount, isCached: false };
}

function openTime({ engine }: CallParts, run: MemoryRun, request: Call<"time">): WaitCallAnswer {
  const { wait, atMs, idempotencyKey: key, idempotencyKeyTTL: ttl } = request;
  const found = key === undefined ? undefined : engine.waitKeys.find(key);
  if (found !== undefined) {
    engine.openWait(run, wait, found);
    return { waitpointId: found.id };
  }
  const waitpoint = new Waitpoint(`waitpoint_${run.id}_${wait}`, `the time ${new Date(atMs).toISOString()}`);
  engine.clock.at(atMs, "time", () => waitpoint.end({ kind: "time" }));
  if (key !== undefined) engine.waitKeys.keep(key, waitpoint, ttl);
  engine.openWait(run, wait, waitpoint);
  return { waitpointId: waitpoint.id, atMs };
}

function makeToken({ tokens }: CallParts, request: Call<"token">): TokenCallAnswer {
  const { timeout, tags, idempotencyKey, idempotencyKeyTTL } = request;
  const { token, isCached } = tokens.make({ timeout, tags, idempotencyKey, idempotencyKeyTTL });
  return { waitpointId: token.id, isCached, url: tokens.urlOf(token), publicAccessToken: "test" };
}

function join({ engine }: CallParts, run: MemoryRun, { wait, waitpointId }: Call<"join">): WaitCallAnswer {
  const waitpoint = engine.waitpoints.get(waitpointId);
  if (waitpoint === undefined) throw new Refusal("not_found", `This test has no token ${waitpointId}.`);
  engine.openWait(run, wait, waitpoint);
  return { waitpointId };
}

function typeOf(type: unknown): PacketType {
  return type === "application/super+json" || type === "text/plain" ? type : "application/json";
}
