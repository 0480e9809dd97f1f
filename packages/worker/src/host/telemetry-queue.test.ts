import assert from "node:assert/strict";
import { test } from "node:test";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import { FakeServer } from "@pawl/testkit/fake-server";
import { TelemetryQueue } from "./telemetry-queue.ts";

function records(count: number, from = 0): TelemetryRecord[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "log",
    runId: "run_1",
    attempt: 1,
    atMs: from + index,
    spanId: "0000000000000000",
    level: "info",
    message: `line ${from + index}`,
  }));
}

async function withQueue(body: (queue: TelemetryQueue, server: FakeServer, dropped: number[]) => Promise<void>) {
  const server = new FakeServer();
  await server.start();
  const dropped: number[] = [];
  const onDropped = (count: number): void => void dropped.push(count);
  const queue = new TelemetryQueue({
    url: `${server.url}/worker/v1/telemetry`,
    secretKey: server.secretKey,
    onDropped,
  });
  await body(queue, server, dropped);
  queue.close();
  await server.stop();
}

test("records arrive in order, in calls of many", () =>
  withQueue(async (queue, server) => {
    queue.push(records(1_500));
    queue.push(records(1_500, 1_500));
    await queue.flush(10_000);
    assert.deepEqual(
      server.telemetry.map(({ atMs }) => atMs),
      Array.from({ length: 3_000 }, (_, index) => index),
    );
  }));

test("while the server is away the oldest records are dropped and counted", () =>
  withQueue(async (queue, server, dropped) => {
    server.refusesTelemetry = true;
    for (let from = 0; from < 40_000; from += 1_000) queue.push(records(1_000, from));
    server.refusesTelemetry = false;
    await queue.flush(10_000);
    assert.equal(server.telemetry.at(-1)?.atMs, 39_999);
    assert.ok(server.telemetry.length <= 22_000);
    assert.equal(
      dropped.reduce((sum, count) => sum + count, 0),
      40_000 - server.telemetry.length,
    );
  }));

test("a flush gives up after its time", () =>
  withQueue(async (queue, server) => {
    server.refusesTelemetry = true;
    queue.push(records(1));
    await queue.flush(300);
    assert.equal(server.telemetry.length, 0);
  }));
