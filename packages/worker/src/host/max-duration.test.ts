import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { RunResult } from "@pawl/contract/worker-protocol";
import { versionOf, withHost } from "../fixtures/host-under-test.ts";
import { codeOf, hasEnded, oneProcess, outputOf, over, pushExecuting } from "../fixtures/waiting-runs.ts";

const limited = ["until-aborted", "sleep", "block"].map((id) => ({
  id,
  filePath: "",
  queue: { name: id },
  retry: defaultRetryPolicy,
  maxDuration: 0.2,
}));
const version = { ...versionOf(), manifest: { processKeepAlive: true, tasks: limited } };
const options = { version, maxProcesses: 1, preparedProcesses: 1 };

function assertExceeded(result: RunResult): void {
  assert.ok(result.kind === "failed" && result.error.type === "INTERNAL_ERROR", JSON.stringify(result));
  assert.equal(result.error.code, "MAX_DURATION_EXCEEDED");
  assert.match(result.error.message ?? "", /maxDuration of 0\.2 s/);
  assert.deepEqual(result.retry, { never: true });
}

test("a run that is over its maxDuration ends by its signal, and what it returns then does not count", () =>
  withHost(options, async ({ server, host }) => {
    const [before] = host.status().processes;
    const [run] = server.push({ taskId: "until-aborted" });
    assert.ok(run);
    const result = await server.resultOf(run);
    assertExceeded(result);
    assert.ok(result.durationMs >= 100 && result.durationMs < 1_000, String(result.durationMs));
    assert.equal(host.status().processes[0]?.pid, before?.pid, "the process goes on");
  }));

for (const taskId of ["sleep", "block"]) {
  test(`a run that does not heed its signal (${taskId}) is ended with its process`, () =>
    withHost(options, async ({ server }) => {
      const [run] = server.push({ taskId, payload: '{"ms":60000}' });
      assert.ok(run);
      assertExceeded(await server.resultOf(run));
      const [next] = server.push({ taskId: "noop" });
      assert.ok(next);
      assert.equal((await server.resultOf(next)).kind, "completed");
    }));
}

test("a task without a limit, and a run within it, end as they do", () =>
  withHost(options, async ({ server }) => {
    const [run] = server.push({ taskId: "sleep", payload: '{"ms":20}' });
    assert.ok(run);
    assert.equal((await server.resultOf(run)).kind, "completed");
  }));

test("what a run waits does not count, what it executes before and after does", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const payload = JSON.stringify({ before: 300, after: 300 });
    const [within] = server.push({ taskId: "sleep-wait-sleep", payload, maxDuration: 1 });
    assert.ok(within);
    await server.untilAwaits(within);
    await outputOf(parts, await pushExecuting(parts, "sleep", { ms: 600 }));
    server.resume(within, over);
    assert.equal((await server.resultOf(within)).kind, "completed");
    const [beyond] = server.push({ taskId: "sleep-wait-sleep", payload, maxDuration: 0.5 });
    assert.ok(beyond);
    await server.untilAwaits(beyond);
    server.resume(beyond, over);
    assert.equal(codeOf(await server.resultOf(beyond)), "MAX_DURATION_EXCEEDED");
  }));

test("a run over its limit that waits instead of ending is ended", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const [run] = server.push({ taskId: "wait-when-aborted", maxDuration: 0.1 });
    assert.ok(run);
    assert.equal(codeOf(await server.resultOf(run)), "MAX_DURATION_EXCEEDED");
    assert.equal(typeof (await outputOf(parts, await pushExecuting(parts, "pid"))), "number");
  }));

test("one that executes beside another is stopped alone", () =>
  withHost(oneProcess, async (parts) => {
    const { server } = parts;
    const [run] = server.push({ taskId: "wait-then-sleep", payload: '{"ms":60000}', maxDuration: 0.3 });
    assert.ok(run);
    await server.untilAwaits(run);
    const beside = await pushExecuting(parts, "sleep", { ms: 3_500 });
    server.resume(run, over);
    assert.equal(codeOf(await server.resultOf(run)), "MAX_DURATION_EXCEEDED");
    assert.equal(hasEnded(parts, beside), false);
    assert.equal((await server.resultOf(beside)).kind, "completed");
  }));
