import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy, type RetryPolicy } from "@pawl/contract/retry";
import { type HostUnderTest, versionOf, withHost } from "../fixtures/host-under-test.ts";
import { codeOf, oneProcess, outputOf, over, push, pushExecuting } from "../fixtures/waiting-runs.ts";

// Next attempts that are due so soon that the run stays with its host.

function retrying(minTimeoutInMs: number, processKeepAlive = true) {
  const retry: RetryPolicy = { ...defaultRetryPolicy, minTimeoutInMs, factor: 1, randomize: false };
  const tasks = ["fail-until", "wait-and-fail-until", "die"].map((id) => {
    return { id, filePath: "", queue: { name: id }, retry };
  });
  return { ...versionOf("waiting-tasks.mjs", "version_1", processKeepAlive), manifest: { processKeepAlive, tasks } };
}

/** The reported failures of a run. */
function failuresOf({ server }: HostUnderTest, runId: string) {
  const results = server.reports.flatMap(({ results }) => results.filter((result) => result.runId === runId));
  return results.flatMap((result) => (result.kind === "failed" ? [result] : []));
}

async function untilCompleted({ server }: HostUnderTest, run: { runId: string; fence: number }): Promise<void> {
  await server.until(() => server.results.get(`${run.runId}:${run.fence}`)?.kind === "completed");
}

test("a delay of up to a second stays in the process, and each end is reported", () =>
  withHost({ ...oneProcess, version: retrying(100) }, async (parts) => {
    const [process] = parts.host.status().processes;
    const run = push(parts, "fail-until", { attempt: 3 });
    const sinceMs = performance.now();
    await untilCompleted(parts, run);
    assert.ok(performance.now() - sinceMs >= 200);
    assert.equal(await outputOf(parts, run), process?.pid);
    assert.deepEqual(
      failuresOf(parts, run.runId).map(({ retry }) => retry),
      [
        { delayMs: 100, inPlace: true },
        { delayMs: 100, inPlace: true },
      ],
    );
  }));

test("a longer one goes to the queue", () =>
  withHost({ ...oneProcess, version: retrying(1_001) }, async (parts) => {
    const result = await parts.server.resultOf(push(parts, "fail-until", { attempt: 2 }));
    assert.deepEqual(result.kind === "failed" ? result.retry : null, { delayMs: 1_001 });
    assert.equal(parts.host.status().heldRuns, 0);
  }));

test("without processKeepAlive the next attempt gets a process of its own", () =>
  withHost({ version: retrying(20, false), maxProcesses: 4, preparedProcesses: 2 }, async (parts) => {
    const [first] = parts.host.status().processes;
    assert.ok(first);
    const run = await pushExecuting(parts, "fail-until", { attempt: 2 });
    await untilCompleted(parts, run);
    const events = parts.events.filter((event) => event.type === "run_started" && event.run.runId === run.runId);
    assert.equal(events.length, 2);
  }));

test("the next attempt begins only when the end of the last one is committed, and not when the claim is lost", () =>
  withHost({ ...oneProcess, version: retrying(1) }, async (parts) => {
    const { server, host } = parts;
    server.holdsAcks = true;
    const run = push(parts, "fail-until", { attempt: 9 });
    await server.resultOf(run);
    assert.equal(host.status().heldRuns, 1, "it is held for the next one");
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal(failuresOf(parts, run.runId).length, 1);
    server.lost = [{ runId: run.runId, fence: 1 }];
    server.releaseAcks();
    await outputOf(parts, await pushExecuting(parts, "pid"));
    assert.equal(failuresOf(parts, run.runId).length, 1);
    assert.equal(host.status().heldRuns, 0);
  }));

test("a run that is cancelled meanwhile ends at once", () =>
  withHost({ ...oneProcess, version: retrying(1_000) }, async (parts) => {
    const { server, host } = parts;
    const run = push(parts, "fail-until", { attempt: 9 });
    await server.resultOf(run);
    server.cancel(run);
    await server.until(() => failuresOf(parts, run.runId).length === 2);
    const [, last] = failuresOf(parts, run.runId);
    assert.ok(last);
    assert.equal(codeOf(last), "TASK_RUN_CANCELLED");
    assert.equal(host.status().heldRuns, 0);
  }));

test("a run goes back when its process is busy at that time", () =>
  withHost({ ...oneProcess, version: retrying(300) }, async (parts) => {
    const { server } = parts;
    const run = push(parts, "fail-until", { attempt: 9 });
    await server.resultOf(run);
    await pushExecuting(parts, "sleep", { ms: 60_000 });
    await server.until(() => server.returned.length > 0);
    assert.deepEqual(server.returned, [{ runId: run.runId, fence: 1 }]);
  }));

test("a run that has waited, and one whose process died, stay too", () =>
  withHost({ ...oneProcess, version: retrying(10) }, async (parts) => {
    const { server } = parts;
    const run = push(parts, "wait-and-fail-until", { attempt: 2 });
    await server.untilAwaits(run);
    server.resume(run, over);
    await server.until(() => failuresOf(parts, run.runId).length === 1);
    await server.untilAwaits(run, 2);
    server.resume(run, over);
    await untilCompleted(parts, run);
    await server.until(() => server.capacity.ready > 0);
    const [dying] = server.push({ taskId: "die", payload: '{"how":"SIGSEGV"}', maxAttempts: 2 });
    assert.ok(dying);
    await server.until(() => {
      const ends = failuresOf(parts, dying.runId);
      return ends.length === 2 || server.returned.length > 0;
    });
    assert.deepEqual(failuresOf(parts, dying.runId)[0]?.retry, { delayMs: 10, inPlace: true });
  }));

test("a long payload is not kept for a run that waits, so its next attempt goes to the queue", () =>
  withHost({ ...oneProcess, version: retrying(10) }, async (parts) => {
    const { server } = parts;
    const run = push(parts, "wait-and-fail-until", { attempt: 2, filler: "x".repeat(10_000) });
    await server.untilAwaits(run);
    server.resume(run, over);
    const result = await server.resultOf(run);
    assert.deepEqual(result.kind === "failed" ? result.retry : null, { delayMs: 10 });
  }));

test("a run goes back when the host stops meanwhile", () =>
  withHost({ ...oneProcess, version: retrying(1_000) }, async (parts) => {
    const { server, host } = parts;
    const run = push(parts, "fail-until", { attempt: 9 });
    await server.resultOf(run);
    await host.stop({ graceMs: 10_000 });
    assert.deepEqual(server.returned, [{ runId: run.runId, fence: 1 }]);
  }));
