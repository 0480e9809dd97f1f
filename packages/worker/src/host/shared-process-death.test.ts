import assert from "node:assert/strict";
import { test } from "node:test";
import { withHost } from "../fixtures/host-under-test.ts";
import {
  codeOf,
  hasEnded,
  oneProcess,
  outputOf,
  over,
  pidOf,
  pushExecuting,
  pushParked,
  version,
} from "../fixtures/waiting-runs.ts";

// What becomes of the runs of a process that dies, with a real host.

const claim = ({ runId, fence }: { runId: string; fence: number }) => ({ runId, fence });

test("the executing run is charged; parked ones are told as orphaned, and resuming ones too", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const parked = await pushParked(parts);
    const resuming = await pushParked(parts);
    const run = await pushExecuting(parts, "wait-then-die", {});
    await server.untilAwaits(run);
    const blocking = await pushExecuting(parts, "sleep", { ms: 300 });
    server.resume(run, over);
    server.resume(resuming, over);
    await server.resultOf(blocking);
    assert.equal(codeOf(await server.resultOf(run)), "TASK_PROCESS_SIGSEGV");
    await server.until(() => server.orphaned.length === 2);
    assert.deepEqual(server.orphaned, [claim(parked), claim(resuming)]);
    assert.equal(hasEnded(parts, parked), false);
  }));

test("a task whose run killed a shared process is not shared again", () =>
  withHost({ version, maxProcesses: 3, preparedProcesses: 1 }, async (parts) => {
    const { server } = parts;
    await pushParked(parts);
    const dying = await pushExecuting(parts, "wait-then-die", { how: "SIGSEGV" });
    await server.untilAwaits(dying);
    server.resume(dying, over);
    await server.resultOf(dying);
    const again = await pushParked(parts, "wait-then-die", { how: "none" });
    const other = await pushParked(parts);
    assert.notEqual(await pidOf(parts, other), await pidOf(parts, again));
  }));

test("one that dies with nobody else in it says nothing about its task", () =>
  withHost({ version, maxProcesses: 3, preparedProcesses: 1 }, async (parts) => {
    const { server } = parts;
    await server.resultOf(await pushExecuting(parts, "wait-then-die", { how: "SIGSEGV", isAtOnce: true }));
    const again = await pushParked(parts, "wait-then-die", { how: "none" });
    const other = await pushParked(parts);
    assert.equal(await pidOf(parts, other), await pidOf(parts, again));
  }));

test("out of memory beside parked runs charges nobody, and the task is tried again alone", async () => {
  const { NODE_OPTIONS } = process.env;
  process.env.NODE_OPTIONS = "--max-old-space-size=64"; // run processes inherit it
  await withHost({ version, maxProcesses: 3, preparedProcesses: 1 }, async (parts) => {
    const { server } = parts;
    const parked = await pushParked(parts);
    const run = await pushExecuting(parts, "die", { how: "heap" });
    await server.until(() => server.orphaned.length === 2);
    assert.deepEqual(server.orphaned.map(({ runId }) => runId).sort(), [parked.runId, run.runId].sort());
    assert.equal(hasEnded(parts, run), false);
    const other = await pushParked(parts);
    const alone = await pushExecuting(parts, "die", { how: "heap" });
    assert.equal(codeOf(await server.resultOf(alone)), "TASK_PROCESS_OOM_KILLED");
    server.resume(other, over);
    await outputOf(parts, other);
  });
  if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = NODE_OPTIONS;
});

test("parked runs are left to other hosts when this one stops; what executes gets its time", () =>
  withHost(oneProcess, async (parts) => {
    const { server, host } = parts;
    const parked = await pushParked(parts);
    const executing = await pushExecuting(parts, "sleep", { ms: 300 });
    await host.stop({ graceMs: 10_000 });
    assert.equal((await server.resultOf(executing)).kind, "completed");
    assert.deepEqual(server.orphaned, [claim(parked)]);
  }));
