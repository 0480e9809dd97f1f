import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type HostMessage,
  hostMessageSchema,
  resultSchema,
  type ServerMessage,
  serverMessageSchema,
  telemetryBodySchema,
  workerProtocolVersion,
} from "./worker-protocol.ts";

const held = { runId: "run_1", fence: 7 };
const capacity = { ready: 1, ahead: 2, processes: 3, afterPush: 4 };
const failed = { ...held, kind: "failed", error: { type: "STRING_ERROR", raw: "no" }, durationMs: 1 } as const;

const hostMessages: readonly HostMessage[] = [
  {
    type: "hello",
    protocol: workerProtocolVersion,
    hostId: "host_1",
    name: "a",
    versions: ["version_1"],
    held: [held],
    capacity,
  },
  {
    type: "report",
    report: 1,
    results: [{ ...held, kind: "completed", outputType: "application/json", durationMs: 0.5 }, failed],
    started: [held],
    returned: [held],
    orphaned: [held],
    capacity,
  },
  {
    type: "calls",
    calls: [{ ...held, call: 1, request: { kind: "join", wait: "token#1", waitpointId: "waitpoint_1" } }],
  },
  { type: "capacity", capacity },
  { type: "capacity", capacity, versions: [] },
];

const serverMessages: readonly ServerMessage[] = [
  { type: "welcome", leaseMs: 10_000, environment: { id: "env_1", slug: "dev", type: "DEVELOPMENT" }, lost: [] },
  {
    type: "runs",
    push: 1,
    runs: [
      {
        ...held,
        attempt: 1,
        isStarted: false,
        taskId: "a",
        versionId: "version_1",
        queueName: "task/a",
        payloadType: "text/plain",
        isPayloadStored: false,
        maxAttempts: 3,
        createdAt: "2026-01-01T00:00:00.000Z",
        isTest: false,
        tags: [],
        traceId: "0".repeat(32),
      },
    ],
  },
  { type: "ack", report: 1, lost: [held] },
  { type: "recall", runs: [held] },
  { type: "cancel", runs: [held] },
  { type: "answers", answers: [{ call: 1, value: { runId: "run_1", isCached: false } }] },
  {
    type: "resumed",
    runs: [{ ...held, waits: [{ wait: "token#1", result: { kind: "token", isTimeout: true } }, { wait: "time#1" }] }],
  },
  { type: "refused", reason: "The protocol is too old." },
];

for (const message of hostMessages) {
  test(`a host's ${message.type} survives the wire`, () => {
    assert.deepEqual(hostMessageSchema.parse(JSON.parse(JSON.stringify(message))), message);
  });
}

for (const message of serverMessages) {
  test(`a server's ${message.type} survives the wire`, () => {
    assert.deepEqual(serverMessageSchema.parse(JSON.parse(JSON.stringify(message))), message);
  });
}

describe("what a host may not say", () => {
  const refused: Readonly<Record<string, unknown>> = {
    "an unknown type": { type: "goodbye" },
    "a fence that is no integer": {
      type: "report",
      report: 1,
      results: [],
      started: [{ runId: "a", fence: 0.5 }],
      returned: [],
      capacity,
    },
    "negative capacity": { type: "capacity", capacity: { ...capacity, ready: -1 } },
    "a name that is too long": { ...hostMessages[0], name: "x".repeat(129) },
  };
  for (const [what, message] of Object.entries(refused)) {
    test(what, () => assert.equal(hostMessageSchema.safeParse(message).success, false));
  }
});

describe("a failed result", () => {
  test("may decide on its own retry", () => {
    for (const retry of [{ never: true }, { delayMs: 0 }, undefined]) {
      assert.equal(resultSchema.safeParse({ ...failed, retry }).success, true, JSON.stringify(retry));
    }
  });

  test("may not decide on nonsense", () => {
    for (const retry of [{ never: false }, { delayMs: -1 }, {}, null]) {
      assert.equal(resultSchema.safeParse({ ...failed, retry }).success, false, JSON.stringify(retry));
    }
  });
});

test("telemetry comes in at most 5,000 records", () => {
  const record = {
    kind: "log",
    runId: "run_1",
    attempt: 1,
    atMs: 0,
    spanId: "1",
    level: "info",
    message: "hello",
  } as const;
  const records = Array.from({ length: 5_000 }, () => record);
  assert.deepEqual(telemetryBodySchema.parse({ records }).records, records);
  assert.equal(telemetryBodySchema.safeParse({ records: [...records, record] }).success, false);
});
