import assert from "node:assert/strict";
import { test } from "node:test";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { RunRecordWithPackets } from "../engine/read-ports.ts";
import { runSpans } from "./run-trace.ts";

const at = (s: number) => new Date(1_000_000 + s * 1_000);

const run: RunRecordWithPackets = {
  id: "019aa000-0000-7000-8000-0123456789ab",
  taskId: "a",
  queueName: "task/a",
  state: null,
  outcome: "completed",
  attempt: 2,
  versionLabel: "20260101.1",
  batchId: null,
  triggerFunction: "trigger",
  parentRunId: null,
  rootRunId: null,
  depth: 0,
  isTest: false,
  tags: [],
  createdAt: at(0),
  startedAt: at(1),
  finishedAt: at(9),
  delayedUntil: null,
  ttlS: null,
  region: null,
  idempotencyKey: null,
  schedule: null,
  durationMs: 5_000,
  traceId: "f".repeat(32),
  streamKeys: [],
  failedAttempts: [{ number: 1, startedAt: at(1), failedAt: at(3), error: { type: "STRING_ERROR", raw: "no" } }],
  payload: null,
  payloadType: "application/json",
  output: null,
  outputType: null,
  error: null,
  metadata: null,
};

function log(spanId: string, attempt: number, s: number, more: Partial<TelemetryRecord> = {}): TelemetryRecord {
  return { kind: "log", runId: "", attempt, atMs: at(s).getTime(), spanId, level: "info", message: spanId, ...more };
}

/** Each span as its message, its parent's message and its length in seconds. */
function story(spans: ReturnType<typeof runSpans>): string[] {
  const messages = new Map(spans.map(({ id, message }) => [id, message]));
  return spans.map(({ message, parentId, durationMs }) => {
    const above = parentId === null ? "" : `${messages.get(parentId)} > `;
    return `${above}${message} ${durationMs / 1_000}s`;
  });
}

test("a run's story: the run, its attempts in it, and in those what their code logged", () => {
  const records = [
    log("early", 1, 2, { level: "error", attributes: '{"n":1}' }),
    log("outer", 2, 5, { kind: "span", durationMs: 2_000 }),
    log("inner", 2, 6, { parentSpanId: "outer", attributes: "[1]" }),
    log("stray", 2, 7, { parentSpanId: "elsewhere" }),
    log("before", 0, 0.5),
  ];
  const spans = runSpans(run, records, at(100).getTime());
  assert.deepEqual(story(spans), [
    "a 9s",
    "a > before 0s",
    "a > Attempt 1 2s",
    "Attempt 1 > early 0s",
    "a > Attempt 2 6s",
    "Attempt 2 > outer 2s",
    "outer > inner 0s",
    "Attempt 2 > stray 0s",
  ]);
  const failed = spans.filter(({ isError }) => isError).map(({ message }) => message);
  assert.deepEqual(failed, ["Attempt 1", "early"]);
  assert.deepEqual(spans.find(({ message }) => message === "early")?.properties, { n: 1 });
  assert.equal(
    spans.some(({ isPartial, isCancelled }) => isPartial || isCancelled),
    false,
  );
  assert.equal(new Set(spans.map(({ id }) => id)).size, spans.length);
});

test("what has not ended lasts until now, and a cancelled run is no error", () => {
  const executing = { ...run, state: "executing", outcome: null, finishedAt: null } as const;
  const open = runSpans(executing, [], at(20).getTime());
  assert.deepEqual(story(open), ["a 20s", "a > Attempt 1 2s", "a > Attempt 2 17s"]);
  assert.deepEqual(
    open.map(({ isPartial }) => isPartial),
    [true, false, true],
  );
  const queued = { ...executing, state: "queued", attempt: 0, startedAt: null, failedAttempts: [] } as const;
  assert.deepEqual(story(runSpans(queued, [], at(2).getTime())), ["a 2s"]);
  const [cancelled] = runSpans({ ...run, outcome: "canceled" }, [], 0);
  assert.deepEqual([cancelled?.isCancelled, cancelled?.isError], [true, false]);
});
