import assert from "node:assert/strict";
import { test } from "node:test";
import { withHost } from "../fixtures/host-under-test.ts";

test("results that could not be delivered are delivered after a reconnect, and no run executes twice", () =>
  withHost({ preparedProcesses: 2 }, async ({ server, events }) => {
    await server.until(() => server.capacity.ready === 2);
    server.holdsAcks = true;
    const [first] = server.push({ taskId: "noop" });
    const [second] = server.push({ taskId: "sleep", payload: '{"ms":200}' });
    assert.ok(first && second);
    await server.resultOf(first);
    await server.stop();
    server.results.clear();
    server.holdsAcks = false;
    await server.start();
    await server.until(() => server.hellos.length === 2);
    const held = server.hellos[1]?.held.map(({ runId }) => runId).sort();
    assert.deepEqual(held, [first.runId, second.runId].sort());
    assert.equal((await server.resultOf(first)).kind, "completed");
    assert.equal((await server.resultOf(second)).kind, "completed");
    assert.equal(events.filter(({ type }) => type === "run_started").length, 2);
  }));

test("a run whose claim was lost meanwhile is stopped with its process; others go on", () =>
  withHost({ preparedProcesses: 2 }, async ({ server, host }) => {
    await server.until(() => server.capacity.ready === 2);
    const [lost, kept] = server.push(
      { taskId: "sleep", payload: '{"ms":60000}' },
      { taskId: "sleep", payload: '{"ms":500}' },
    );
    assert.ok(lost && kept);
    server.lost = [{ runId: lost.runId, fence: lost.fence }];
    server.disconnect();
    assert.equal((await server.resultOf(kept)).kind, "completed");
    await server.until(() => server.capacity.ready >= 2);
    assert.equal(server.results.has(`${lost.runId}:1`), false);
    assert.equal(host.status().heldRuns, 0);
  }));

test("telemetry waits for a server that is away, and control does not wait for telemetry", () =>
  withHost({}, async ({ server }) => {
    server.refusesTelemetry = true;
    const [run] = server.push({ taskId: "logs" });
    assert.ok(run);
    assert.equal((await server.resultOf(run)).kind, "completed");
    assert.equal(server.telemetry.length, 0);
    server.refusesTelemetry = false;
    await server.until(() => server.telemetry.length === 3);
  }));
