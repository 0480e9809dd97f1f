import assert from "node:assert/strict";
import { test } from "node:test";
import { withHost } from "../fixtures/host-under-test.ts";
import {
  codeOf,
  hasEnded,
  oneProcess,
  outputOf,
  over,
  push,
  pushExecuting,
  pushParked,
  untilTrue,
  version,
} from "../fixtures/waiting-runs.ts";

// Cancelled runs, wherever they stand, with a real host.

const impatient = { ...oneProcess, cancelGraceMs: 1_500 };
const cancelled = "TASK_RUN_CANCELLED";

for (const waits of [false, true]) {
  test(`a run that ${waits ? "is parked" : "executes"} ends by its signal after its onCancel, in place`, () =>
    withHost(oneProcess, async (parts) => {
      const { server, host } = parts;
      const [process] = host.status().processes;
      const run = waits
        ? await pushParked(parts, "cancellable", { waits })
        : await pushExecuting(parts, "cancellable", { waits });
      server.cancel(run);
      const result = await server.resultOf(run);
      assert.equal(codeOf(result), cancelled);
      await server.until(() => server.telemetry.some(({ message }) => message === "onCancel ran"));
      await server.until(() => server.capacity.ready > 0);
      assert.equal(await outputOf(parts, push(parts, "pid")), process?.pid, "the process goes on");
    }));
}

test("it is asked once, however often the server says so", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const run = await pushParked(parts, "cancellable", { waits: true });
    for (let i = 0; i < 3; i++) server.cancel(run);
    await server.resultOf(run);
    const logs = () => server.telemetry.filter(({ kind }) => kind === "log");
    await server.until(() => logs().length > 0);
    assert.equal(logs().length, 1);
  }));

test("an executing run that does not end in time is killed with its process, and those parked there are orphaned", () =>
  withHost(impatient, async (parts) => {
    const { server, host } = parts;
    const parked = await pushParked(parts);
    const [process] = host.status().processes;
    const run = await pushExecuting(parts, "stubborn", {});
    const sinceMs = performance.now();
    server.cancel(run);
    assert.equal(codeOf(await server.resultOf(run)), cancelled);
    assert.ok(performance.now() - sinceMs >= 1_500);
    await server.until(() => server.orphaned.length > 0);
    assert.deepEqual(server.orphaned, [{ runId: parked.runId, fence: 1 }]);
    await untilTrue(() => host.status().processes.every(({ pid }) => pid !== process?.pid));
  }));

test("a parked run that does not end in time is ended for the server; its process takes no new runs and keeps the others", () =>
  withHost({ ...impatient, maxProcesses: 2 }, async (parts) => {
    const { server, host } = parts;
    const run = await pushParked(parts, "stubborn", { waits: true });
    const other = await pushParked(parts);
    const [process] = host.status().processes;
    server.cancel(run);
    assert.equal(codeOf(await server.resultOf(run)), cancelled);
    await server.until(() => server.capacity.ready > 0);
    assert.notEqual(await outputOf(parts, push(parts, "pid")), process?.pid);
    assert.ok(host.status().processes.some(({ pid, state }) => pid === process?.pid && state === "waiting"));
    server.resume(other, over);
    await outputOf(parts, other);
    await untilTrue(() => host.status().processes.every(({ pid }) => pid !== process?.pid));
    assert.equal(server.orphaned.length, 0);
  }));

test("one that executes beside another is ended for the server, and the other goes on", () =>
  withHost(impatient, async (parts) => {
    const { server } = parts;
    const waiting = await pushParked(parts, "stubborn", { waits: true });
    const executing = await pushExecuting(parts, "sleep", { ms: 4_000 });
    server.resume(waiting, over);
    await new Promise((resolve) => setTimeout(resolve, 1_200)); // until it goes on beside
    server.cancel(waiting);
    assert.equal(codeOf(await server.resultOf(waiting)), cancelled);
    assert.equal(hasEnded(parts, executing), false);
    assert.equal((await server.resultOf(executing)).kind, "completed");
  }));

test("runs that no process has begun end at once", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    server.holdsAcks = true;
    const [starting] = server.push({ taskId: "pid", isStarted: false });
    await server.until(() => server.started.length === 1);
    const [executing, ahead, waiting] = server.push(
      { taskId: "sleep", payload: '{"ms":60000}' },
      { taskId: "pid", isStarted: false },
      { taskId: "pid" },
    );
    assert.ok(starting && executing && ahead && waiting);
    for (const run of [starting, ahead, waiting]) server.cancel(run);
    for (const run of [starting, ahead, waiting]) assert.equal(codeOf(await server.resultOf(run)), cancelled);
    server.releaseAcks();
    assert.equal(hasEnded(parts, executing), false);
  }));

test("a run that lies behind another one in its process ends without having begun", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    for (let i = 0; i < 10; i++) await outputOf(parts, push(parts, "pid")); // runs are known to be short
    const [first, behind] = server.push({ taskId: "sleep", payload: '{"ms":40}' }, { taskId: "pid" });
    assert.ok(first && behind);
    server.cancel(behind);
    assert.equal(codeOf(await server.resultOf(behind)), cancelled);
    assert.equal((await server.resultOf(first)).kind, "completed");
  }));

test("a cancelled run that fails in its own way has no other attempt", () =>
  withHost({ version, maxProcesses: 1 }, async (parts) => {
    const { server } = parts;
    const run = await pushExecuting(parts, "cancellable", {});
    server.cancel(run);
    const result = await server.resultOf(run);
    assert.deepEqual(result.kind === "failed" ? result.retry : null, { never: true });
  }));
