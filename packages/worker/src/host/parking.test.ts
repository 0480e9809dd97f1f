import assert from "node:assert/strict";
import { test } from "node:test";
import type { AssignedRun } from "@pawl/contract/worker-protocol";
import { versionOf, withHost } from "../fixtures/host-under-test.ts";
import {
  hasEnded,
  oneProcess,
  outputOf,
  over,
  pidOf,
  push,
  pushExecuting,
  pushParked,
  untilTrue,
  version,
} from "../fixtures/waiting-runs.ts";
import { maxParkedRuns } from "./sharing.ts";

// How runs wait in their processes, with a real host.

test("a process takes the next runs while one waits in it, and that one goes on in it", () =>
  withHost(oneProcess, async (parts) => {
    const { server, host } = parts;
    const run = await pushParked(parts);
    const [process] = host.status().processes;
    for (let i = 0; i < 3; i++) {
      await server.until(() => server.capacity.ready > 0);
      assert.equal(await outputOf(parts, push(parts, "pid")), process?.pid);
    }
    server.resume(run, over);
    const { before, after, result } = (await outputOf(parts, run)) as Record<string, unknown>;
    assert.deepEqual([before, after, result], [process?.pid, process?.pid, { kind: "time" }]);
    assert.equal(host.status().heldRuns, 0);
  }));

test("a run is parked as often as it waits; what it executed in between counts, what it waited does not", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const run = push(parts, "sleep-wait-sleep", { before: 100, after: 100 });
    await server.untilAwaits(run);
    await outputOf(parts, push(parts, "sleep", { ms: 400 }));
    server.resume(run, over);
    const { durationMs } = await server.resultOf(run);
    assert.ok(durationMs >= 199 && durationMs < 400, String(durationMs));
    const again = push(parts, "wait-times", { times: 3 });
    for (let n = 1; n <= 3; n++) {
      assert.deepEqual(await server.untilAwaits(again, n), [`time#${n}`]);
      server.resume(again, { ...over, wait: `time#${n}` });
    }
    assert.equal((await server.resultOf(again)).kind, "completed");
  }));

test("a run whose wait is over goes on as soon as the executing one ends", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const waiting = await pushParked(parts);
    const executing = await pushExecuting(parts, "sleep", { ms: 300 });
    server.resume(waiting, over);
    await server.resultOf(waiting);
    assert.ok(hasEnded(parts, executing), "after the other one");
  }));

test("it goes on as soon as the executing one parks", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const waiting = await pushParked(parts);
    const executing = await pushExecuting(parts, "sleep-wait-sleep", { before: 300, after: 0 });
    server.resume(waiting, over);
    await server.resultOf(waiting);
    assert.equal((await server.untilAwaits(executing)).length, 1);
  }));

test("it goes on before runs that wait for the process", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const waiting = await pushParked(parts);
    await pushExecuting(parts, "sleep", { ms: 30 });
    server.resume(waiting, over);
    const next = push(parts, "sleep", { ms: 20 });
    await server.resultInTheEnd(next); // it may come back while the process is taken
    assert.ok(hasEnded(parts, waiting));
  }));

test("after a second it goes on beside the executing one", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const waiting = await pushParked(parts);
    const executing = await pushExecuting(parts, "sleep", { ms: 60_000 });
    const sinceMs = performance.now();
    server.resume(waiting, over);
    await server.resultOf(waiting);
    const tookMs = performance.now() - sinceMs;
    assert.ok(tookMs >= 1_000 && tookMs < 2_000, String(tookMs));
    assert.equal(hasEnded(parts, executing), false);
  }));

test("runs that executed side by side end each by itself, and the process goes on", () =>
  withHost(oneProcess, async (parts) => {
    const { server, host } = parts;
    const waiting = await pushParked(parts, "wait-then-sleep", { ms: 600 });
    const [process] = host.status().processes;
    const executing = await pushExecuting(parts, "sleep", { ms: 1_300 });
    server.resume(waiting, over);
    await server.resultOf(executing);
    assert.equal(hasEnded(parts, waiting), false, "it executes beside");
    assert.equal(await outputOf(parts, waiting), process?.pid);
    await server.until(() => server.capacity.ready > 0);
    assert.equal(await outputOf(parts, push(parts, "pid")), process?.pid);
  }));

test("a run that ends while it is parked, by other code of it, is reported", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const run = push(parts, "race", { ms: 50 });
    assert.equal(await outputOf(parts, run), "timer");
    await server.until(() => server.capacity.ready > 0);
    assert.equal(typeof (await outputOf(parts, push(parts, "pid"))), "number");
  }));

test("a result that is too long for the message is fetched", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const run = await pushParked(parts);
    server.waitResults.set(`${run.runId}/time#1`, { kind: "time" });
    server.resume(run, { wait: "time#1" });
    const { result } = (await outputOf(parts, run)) as Record<string, unknown>;
    assert.deepEqual(result, { kind: "time" });
    const lost = await pushParked(parts);
    server.resume(lost, { wait: "time#1" });
    await server.until(() => server.orphaned.length > 0);
    assert.deepEqual(server.orphaned, [{ runId: lost.runId, fence: 1 }]);
  }));

test("parked runs are held, also over a reconnect", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const run = await pushParked(parts);
    server.disconnect();
    await server.until(() => server.hellos.length === 2);
    assert.deepEqual(server.hellos[1]?.held, [{ runId: run.runId, fence: 1 }]);
    await server.until(() => server.capacity.ready > 0);
    server.resume(run, over);
    assert.equal((await server.resultOf(run)).kind, "completed");
  }));

test("a parked run whose claim is lost is forgotten, and its process goes on", () =>
  withHost(oneProcess, async (parts) => {
    const { server, host } = parts;
    const run = await pushParked(parts);
    server.lost = [{ runId: run.runId, fence: 1 }];
    server.disconnect();
    await server.until(() => server.hellos.length === 2);
    await untilTrue(() => host.status().heldRuns === 0);
    server.resume(run, over);
    await outputOf(parts, push(parts, "pid"));
    assert.equal(hasEnded(parts, run), false);
  }));

test("runs of another version share no process with those of this one", () =>
  withHost({ version, maxProcesses: 4, preparedProcesses: 1 }, async (parts) => {
    const { server, host } = parts;
    const run = await pushParked(parts);
    const [old] = host.status().processes;
    await host.addVersion(versionOf("waiting-tasks.mjs", "version_2"));
    const [next] = server.push({ taskId: "pid", versionId: "version_2" });
    assert.ok(next);
    assert.notEqual(await outputOf(parts, next), old?.pid);
    assert.equal(await pidOf(parts, run), old?.pid, "the process lives on for the run that is parked in it");
    await untilTrue(() => host.status().processes.every(({ pid }) => pid !== old?.pid));
  }));

test("a task with onWait shares no process: not while it waits, and not with what waits already", () =>
  withHost({ version, maxProcesses: 3, preparedProcesses: 1 }, async (parts) => {
    const unshared = await pushParked(parts, "wait-unshared");
    const shared = await pushParked(parts, "wait");
    const second = await pushParked(parts, "wait-unshared");
    const pids = new Set<unknown>();
    for (const run of [unshared, shared, second]) pids.add(await pidOf(parts, run));
    assert.equal(pids.size, 3);
  }));

test("a version with such a hook for all its tasks shares none", () =>
  withHost({ version: versionOf("global-on-wait.mjs"), maxProcesses: 2 }, async (parts) => {
    const { server } = parts;
    const run = await pushParked(parts);
    await server.until(() => server.capacity.ready > 0);
    const pid = await outputOf(parts, push(parts, "pid"));
    assert.notEqual(await pidOf(parts, run), pid);
  }));

test("without processKeepAlive a run keeps its process for its whole life, and that ends with it", () => {
  const own = versionOf("waiting-tasks.mjs", "version_1", false);
  return withHost({ version: own, maxProcesses: 2, preparedProcesses: 1 }, async (parts) => {
    const { host } = parts;
    const runs = [];
    for (let i = 0; i < 4; i++) runs.push(await pushParked(parts));
    assert.equal(host.status().processes.filter(({ state }) => state === "waiting").length, 4, "beyond maxProcesses");
    const pids = new Set<unknown>();
    for (const run of runs) pids.add(await pidOf(parts, run));
    assert.equal(pids.size, 4);
    await untilTrue(() => host.status().processes.every(({ pid }) => !pids.has(pid)));
  });
});

test("a process parks 500 runs; one more has it to itself while it waits", { timeout: 60_000 }, () =>
  withHost(oneProcess, async (parts) => {
    const { server, host } = parts;
    const [process] = host.status().processes;
    const runs: AssignedRun[] = [];
    for (let i = 0; i < maxParkedRuns; i++) runs.push(await pushParked(parts));
    assert.equal(host.status().processes.length, 1);
    const more = await pushParked(parts);
    const waiting = () => host.status().processes.filter(({ state }) => state === "waiting");
    assert.deepEqual(
      waiting().map(({ pid }) => pid),
      [process?.pid],
    );
    await server.until(() => server.capacity.ready > 0);
    assert.notEqual(await outputOf(parts, push(parts, "pid")), process?.pid);
    server.resume(more, over);
    await server.resultOf(more);
    assert.equal(waiting().length, 0, "then it takes others again");
    for (const run of runs) server.resume(run, over);
    for (const run of runs) await server.resultOf(run);
  }),
);

test("nothing is parked in a process whose heap is half full", { timeout: 60_000 }, async () => {
  const { NODE_OPTIONS } = process.env;
  process.env.NODE_OPTIONS = "--max-old-space-size=128 --max-semi-space-size=1"; // run processes inherit it
  await withHost(oneProcess, async (parts) => {
    const run = await pushParked(parts, "heap", { megabytes: 90 });
    assert.deepEqual(
      parts.host.status().processes.flatMap(({ state }) => (state === "waiting" ? [state] : [])),
      ["waiting"],
    );
    parts.server.resume(run, over);
    await outputOf(parts, run);
  });
  if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = NODE_OPTIONS;
});
