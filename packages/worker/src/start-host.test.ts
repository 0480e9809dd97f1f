import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import { versionOf, withHost } from "./fixtures/host-under-test.ts";
import { IndexError } from "./index-error.ts";
import { startHost } from "./start-host.ts";

const failLater = { id: "fail-later", filePath: "tasks.mjs", queue: { name: "task/fail-later" } };

const outputOf = (result: { kind: string; output?: string | undefined }) =>
  result.kind === "completed" ? result.output : assert.fail(JSON.stringify(result));

test("processKeepAlive: a warm process takes the next run", () =>
  withHost({ preparedProcesses: 1 }, async ({ server }) => {
    const pids = new Set<string | undefined>();
    for (let i = 0; i < 5; i++) {
      const [run] = server.push({ taskId: "pid" });
      assert.ok(run);
      pids.add(outputOf(await server.resultOf(run)));
    }
    assert.equal(pids.size, 1);
  }));

test("without it a process ends after one run, and a prepared one takes its place", () =>
  withHost({ version: versionOf("one-run-a-process.mjs", "version_1", false) }, async ({ server, host }) => {
    const pids = new Set<string | undefined>();
    for (let i = 0; i < 4; i++) {
      await server.until(() => server.capacity.ready > 0);
      const [run] = server.push({ taskId: "pid" });
      assert.ok(run);
      pids.add(outputOf(await server.resultOf(run)));
    }
    assert.equal(pids.size, 4);
    assert.ok(host.status().processes.length <= 16);
  }));

test("more processes are spawned while runs keep the others busy", () =>
  withHost({ maxProcesses: 4, preparedProcesses: 1 }, async ({ server }) => {
    const runs = [];
    for (let i = 0; i < 4; i++) {
      await server.until(() => server.capacity.ready > 0);
      runs.push(...server.push({ taskId: "sleep", payload: '{"ms":60000}' }));
      server.capacity = { ...server.capacity, ready: 0 };
    }
    assert.equal(runs.length, 4);
  }));

test("a bundle that can't be imported is refused, and the version before goes on", () =>
  withHost({}, async ({ server, host }) => {
    await assert.rejects(host.addVersion(versionOf("throws-at-import.mjs", "version_2")), IndexError);
    const [run] = server.push({ taskId: "noop" });
    assert.ok(run);
    assert.equal((await server.resultOf(run)).kind, "completed");
  }));

test("a new version takes over while runs of the old one go on", () =>
  withHost({}, async ({ server, host }) => {
    const [old] = server.push({ taskId: "sleep", payload: '{"ms":400}' });
    await host.addVersion(versionOf("one-run-a-process.mjs", "version_2", false));
    const [fresh, late] = server.push({ taskId: "pid", versionId: "version_2" }, { taskId: "pid" });
    assert.ok(old && fresh && late);
    assert.equal((await server.resultOf(fresh)).kind, "completed");
    const resultOfLate = await server.resultInTheEnd(late); // it may come back while no process is ready for it
    assert.equal(resultOfLate.kind, "completed", "a process of the old version is spawned again");
    assert.equal((await server.resultOf(old)).kind, "completed");
    assert.equal(host.status().currentVersionId, "version_2");
  }));

test("a version of before is known from the first hello on, and gets a process when a run of it comes", () =>
  withHost({ version: null, preparedProcesses: 1 }, async ({ server, host }) => {
    host.keepVersion(versionOf("tasks.mjs", "version_0"));
    await host.addVersion(versionOf("one-run-a-process.mjs", "version_1", false));
    host.keepVersion(versionOf("throws-at-import.mjs", "version_1"));
    await server.until(() => server.capacity.ready > 0);
    assert.ok(server.hellos[0]?.versions.includes("version_0"));
    assert.ok(host.status().processes.every(({ versionId }) => versionId === "version_1"));
    const [old] = server.push({ taskId: "noop", versionId: "version_0" });
    assert.ok(old);
    assert.equal((await server.resultInTheEnd(old)).kind, "completed");
    assert.equal(host.status().currentVersionId, "version_1");
  }));

test("a run of a version that was let go meanwhile is attempted again by its policy", () =>
  withHost({}, async ({ server, host }) => {
    const manifest = { tasks: [{ ...failLater, retry: defaultRetryPolicy }], processKeepAlive: true };
    await host.addVersion({ ...versionOf("tasks.mjs", "version_2", true), manifest });
    const [run] = server.push({ taskId: failLater.id, payload: '{"ms":200}', versionId: "version_2" });
    assert.ok(run);
    await host.addVersion(versionOf("tasks.mjs", "version_3", true));
    host.retireVersion("version_2");
    const result = await server.resultOf(run);
    assert.ok(
      result.kind === "failed" && result.retry !== undefined && "delayMs" in result.retry,
      JSON.stringify(result),
    );
  }));

test("runs of a version that the host does not have go back", () =>
  withHost({}, async ({ server }) => {
    const [run] = server.push({ taskId: "noop", versionId: "version_9" });
    await server.until(() => server.returned.length > 0);
    assert.equal(server.returned[0]?.runId, run?.runId);
  }));

test("a large payload is fetched before the run begins", () =>
  withHost({}, async ({ server }) => {
    const runId = "run_00000000000000000000000001";
    server.payloads.set(runId, "x".repeat(500_000));
    const [run] = server.push({ taskId: "length", runId, isPayloadStored: true, payloadType: "text/plain" });
    assert.ok(run);
    assert.equal(outputOf(await server.resultOf(run)), '{"json":500000}');
    const [lost] = server.push({ taskId: "length", isPayloadStored: true });
    await server.until(() => server.returned.some(({ runId: id }) => id === lost?.runId));
  }));

test("a wrong key is told, once a try, and nothing ends", async () => {
  await withHost({ version: null, secretKey: "tr_dev_wrong" }, async ({ events, host }) => {
    while (events.length < 2) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(events.every((event) => event.type === "refused" && /TRIGGER_SECRET_KEY/.test(event.reason)));
    assert.equal(host.status().isConnected, false);
  });
});

test("stopping at once, and twice, is safe", async () => {
  await withHost({ version: null }, async ({ host, server, dataDir }) => {
    await Promise.all([host.stop({ graceMs: 0 }), host.stop({ graceMs: 0 })]);
    const second = startHost({ apiUrl: server.url, secretKey: server.secretKey, dataDir });
    await second.stop({ graceMs: 1_000 });
  });
});

test("a full heap is told as such, and the next run finds another process", async () => {
  const { NODE_OPTIONS } = process.env;
  process.env.NODE_OPTIONS = "--max-old-space-size=48"; // run processes inherit it
  await withHost({ preparedProcesses: 1 }, async ({ server }) => {
    const [run] = server.push({ taskId: "fill-heap" });
    assert.ok(run);
    const result = await server.resultOf(run);
    if (result.kind !== "failed" || result.error.type !== "INTERNAL_ERROR") return assert.fail(JSON.stringify(result));
    assert.equal(result.error.code, "TASK_PROCESS_OOM_KILLED");
    await server.until(() => server.capacity.ready > 0);
    const [next] = server.push({ taskId: "noop" });
    assert.ok(next);
    assert.equal((await server.resultOf(next)).kind, "completed");
  });
  if (NODE_OPTIONS === undefined) delete process.env.NODE_OPTIONS;
  else process.env.NODE_OPTIONS = NODE_OPTIONS;
});
