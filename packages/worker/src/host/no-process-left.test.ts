import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { FakeServer } from "@pawl/testkit/fake-server";
import { testWithTool } from "@pawl/testkit/needs-tool";
import { bundlePath, withHost } from "../fixtures/host-under-test.ts";

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function untilDead(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** Starts a host in a process of its own. */
async function withProgram(
  body: (program: ChildProcess, pids: readonly number[], server: FakeServer) => Promise<void>,
): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "pawl-program-"));
  const server = new FakeServer();
  await server.start();
  const path = new URL("../fixtures/host-program.ts", import.meta.url);
  const args = [server.url, server.secretKey, dataDir, bundlePath("tasks.mjs")];
  const program = fork(path, args, { execArgv: ["--conditions=@pawl/source"] });
  const pids = await new Promise<number[]>((resolve) => program.once("message", resolve));
  await body(program, pids, server);
  program.kill("SIGKILL");
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
}

test("processes end when their host is killed with -9", { timeout: 30_000 }, () =>
  withProgram(async (program, pids, server) => {
    server.push({ taskId: "sleep", payload: '{"ms":60000}' });
    program.kill("SIGKILL");
    await untilDead(pids);
  }),
);

testWithTool("setpriv", "a process whose event loop is blocked ends with its host too", () =>
  withProgram(async (program, pids, server) => {
    const folder = await mkdtemp(join(tmpdir(), "pawl-blocked-"));
    const begunFile = join(folder, "begun");
    await server.until(() => server.capacity.ready > 0);
    server.push({ taskId: "block", payload: JSON.stringify({ ms: 600_000, begunFile }) });
    while (!existsSync(begunFile)) await new Promise((resolve) => setTimeout(resolve, 20));
    program.kill("SIGKILL");
    await untilDead(pids);
    await rm(folder, { recursive: true });
  }),
);

test("an interrupt reaches the host only, and its runs get a chance to end", { timeout: 30_000 }, () =>
  withProgram(async (program, pids, server) => {
    const folder = await mkdtemp(join(tmpdir(), "pawl-interrupted-"));
    const begunFile = join(folder, "begun");
    await server.until(() => server.capacity.ready > 0);
    const [run] = server.push({ taskId: "block", payload: JSON.stringify({ ms: 300, begunFile }) });
    assert.ok(run);
    while (!existsSync(begunFile)) await new Promise((resolve) => setTimeout(resolve, 20));
    const [pid = 0] = pids;
    if (process.platform === "linux") {
      const session = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ")[3];
      assert.equal(session, String(pid), "a session of its own");
    }
    program.kill("SIGINT");
    assert.equal((await server.resultOf(run)).kind, "completed");
    await untilDead(pids);
    await rm(folder, { recursive: true });
  }),
);

test("a run that does not end within the grace is killed and told as SIGTERM", () =>
  withHost({}, async ({ server, host, untilStarted, dataDir }) => {
    const [run] = server.push({ taskId: "sleep", payload: '{"ms":60000}' });
    assert.ok(run);
    await untilStarted(run);
    const pids = host.status().processes.flatMap(({ pid }) => (pid === undefined ? [] : [pid]));
    await host.stop({ graceMs: 100 });
    const result = await server.resultOf(run);
    assert.equal(
      result.kind === "failed" && result.error.type === "INTERNAL_ERROR" ? result.error.code : "",
      "TASK_PROCESS_SIGTERM",
    );
    assert.deepEqual(pids.filter(isAlive), []);
    assert.deepEqual(await readdir(join(dataDir, "processes")), []);
  }));

test("a second stop without grace ends the first one's", () =>
  withHost({}, async ({ server, host, untilStarted }) => {
    const [run] = server.push({ taskId: "sleep", payload: '{"ms":60000}' });
    assert.ok(run);
    await untilStarted(run);
    const stopped = host.stop({ graceMs: 60_000 });
    await host.stop({ graceMs: 0 });
    await stopped;
  }));
