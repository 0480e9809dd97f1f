import assert from "node:assert/strict";
import { test } from "node:test";
import { type HostUnderTest, withHost } from "./fixtures/host-under-test.ts";

// Two runs of one process, where the callbacks of the second one carry the context of the first, which has ended.

async function completed({ server }: HostUnderTest, taskId: string, payload?: unknown): Promise<[string, string]> {
  const [run] = server.push({ taskId, ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }) });
  assert.ok(run);
  const result = await server.resultOf(run);
  assert.equal(result.kind, "completed", JSON.stringify(result));
  return [run.runId, (result.kind === "completed" ? result.output : undefined) ?? ""];
}

async function logOf({ server }: HostUnderTest, pattern: RegExp) {
  await server.until(() => server.telemetry.some(({ message }) => pattern.test(message)));
  return server.telemetry.find(({ message }) => pattern.test(message));
}

const oneProcess = { maxProcesses: 1, preparedProcesses: 1 };

test("a pool's socket opened by one run and used by another", () =>
  withHost(oneProcess, async (parts) => {
    await completed(parts, "pool-open");
    const [second, outcome] = await completed(parts, "pool-query", { text: "hello" });
    assert.match(outcome, /RunContextError/);
    assert.match(outcome, /pool|loader|socket/i, "the message names the cause");
    const log = await logOf(parts, /pool received hello/);
    assert.equal(log?.runId, second, "the log falls back to the run that executes");
    assert.deepEqual(JSON.parse(log?.attributes ?? "{}"), { contextLost: true });
  }));

test("a data loader shared by two runs", () =>
  withHost(oneProcess, async (parts) => {
    await completed(parts, "load-and-leave");
    const [second, outcome] = await completed(parts, "load");
    assert.match(outcome, /RunContextError/);
    const log = await logOf(parts, /loading first, second/);
    assert.equal(log?.runId, second);
    assert.deepEqual(JSON.parse(log?.attributes ?? "{}"), { contextLost: true });
  }));
