import assert from "node:assert/strict";
import { test } from "node:test";
import type { AssignedRun } from "@pawl/contract/worker-protocol";
import { type HostUnderTest, versionOf, withHost } from "./fixtures/host-under-test.ts";

// What errors and exits do to the runs that share a process with the one that they belong to.

const oneProcess = { maxProcesses: 1, preparedProcesses: 1, version: versionOf("shared-process-tasks.mjs") };

function push({ server }: HostUnderTest, taskId: string, payload?: unknown): AssignedRun {
  const [run] = server.push({ taskId, ...(payload === undefined ? {} : { payload: JSON.stringify(payload) }) });
  return run ?? assert.fail("unreachable: one run was pushed");
}

async function parked(parts: HostUnderTest, taskId: string, payload?: unknown): Promise<AssignedRun> {
  const run = push(parts, taskId, payload);
  await parts.server.untilAwaits(run);
  return run;
}

async function codeOf({ server }: HostUnderTest, run: AssignedRun): Promise<string> {
  const result = await server.resultOf(run);
  if (result.kind === "completed") return `completed with ${result.output}`;
  return result.error.type === "INTERNAL_ERROR" ? result.error.code : result.error.type;
}

async function outputAfterWait({ server }: HostUnderTest, run: AssignedRun): Promise<string> {
  server.resume(run, { wait: "time#1", result: { kind: "time" } });
  const result = await server.resultOf(run);
  return result.kind === "completed" ? (result.output ?? "") : assert.fail(JSON.stringify(result));
}

for (const [how, code] of [
  ["reject", "TASK_RUN_UNCAUGHT_EXCEPTION"],
  ["throw", "TASK_RUN_UNCAUGHT_EXCEPTION"],
  [3, "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE"],
] as const) {
  test(`a parked run ends by ${how}, the one that executes and the others that are parked do not`, () =>
    withHost(oneProcess, async (parts) => {
      const bystander = await parked(parts, "wait");
      const bomb = await parked(parts, "wait-with-bomb", { how });
      const executing = push(parts, "ring");
      assert.equal(await codeOf(parts, bomb), code);
      const pid = /\d+/.exec(await codeOf(parts, executing))?.[0];
      assert.match(await outputAfterWait(parts, bystander), new RegExp(`${pid}`));
      const next = await parts.server.resultOf(push(parts, "ring"));
      assert.ok(next.kind === "completed" && !next.output?.includes(String(pid)), "the next run has a new process");
      assert.deepEqual(parts.server.orphaned, []);
    }));
}

test("process.exit of a run that executes ends it alone, however its code takes it", () =>
  withHost(oneProcess, async (parts) => {
    const bystander = await parked(parts, "wait");
    assert.equal(await codeOf(parts, push(parts, "exit-and-go-on")), "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");
    assert.match(await outputAfterWait(parts, bystander), /\d+/);
    assert.deepEqual(parts.server.orphaned, []);
  }));

test("a run that is alone in its process takes it along", () =>
  withHost(oneProcess, async (parts) => {
    assert.equal(await codeOf(parts, push(parts, "exit", { code: 0 })), "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE");
  }));
