import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { ExecutionEnd } from "../channel/messages.ts";
import { bundlePath } from "../fixtures/host-under-test.ts";
import { HeldRuns } from "./held-runs.ts";
import { ProcessListener } from "./process-listener.ts";
import { OutputFolder } from "./process-output.ts";
import { RunProcess } from "./run-process.ts";

/** Spawns a process with `tasks.mjs` and calls the test once it is prepared. */
async function withProcess(body: (parts: ProcessUnderTest) => Promise<void>): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "pawl-process-"));
  const listener = new ProcessListener();
  await listener.listen();
  const settings = { listener, outputs: new OutputFolder(dataDir), compileCacheDir: dataDir, environment: {} };
  const ends: ExecutionEnd[] = [];
  const prepared = Promise.withResolvers<void>();
  const died = Promise.withResolvers<void>();
  let changed = () => {};
  const bundle = { versionId: "version_1", bundlePath: bundlePath("tasks.mjs"), projectDir: dataDir };
  const process = new RunProcess(bundle, settings, {
    prepared: () => prepared.resolve(),
    broken: (_, { message }) => prepared.reject(new Error(message)),
    ended(_, end) {
      ends.push(end);
      changed();
    },
    unbegun() {},
    called() {},
    parked() {},
    telemetry() {},
    died: () => died.resolve(),
  });
  await prepared.promise;
  const untilEnds = async (count: number) => {
    while (ends.length < count) await new Promise<void>((resolve) => (changed = resolve));
  };
  await body({ process, listener, ends, untilEnds });
  process.kill();
  await died.promise;
  listener.close();
  await rm(dataDir, { recursive: true, force: true });
}

interface ProcessUnderTest {
  readonly process: RunProcess;
  readonly listener: ProcessListener;
  readonly ends: ExecutionEnd[];
  readonly untilEnds: (count: number) => Promise<void>;
}

const held = new HeldRuns();

function execute(process: RunProcess, runId: string, taskId: string, payload: string): void {
  const run = held.add(
    {
      runId,
      fence: 1,
      attempt: 1,
      isStarted: true,
      taskId,
      versionId: "version_1",
      queueName: "q",
      payload,
      payloadType: "application/json",
      isPayloadStored: false,
      maxAttempts: 1,
      createdAt: new Date(0).toISOString(),
      isTest: false,
      tags: [],
      traceId: "",
    },
    "waiting",
    performance.now(),
  );
  assert.ok(run);
  const environment = { id: "env_1", slug: "dev", type: "DEVELOPMENT" };
  process.execute([run], (order) => ({ run: order.run, versionLabel: "1", environment }), performance.now());
}

test("a socket that breaks during a run loses nothing and doubles nothing", () =>
  withProcess(async ({ process, listener, ends, untilEnds }) => {
    execute(process, "run_1", "sleep", '{"ms":150}');
    listener.disconnect(process.id);
    execute(process, "run_2", "noop", "null");
    await untilEnds(1);
    listener.disconnect(process.id);
    await untilEnds(2);
    execute(process, "run_3", "noop", "null");
    await untilEnds(3);
    assert.deepEqual(
      ends.map(({ result }) => [result.runId, result.kind]),
      [
        ["run_1", "completed"],
        ["run_2", "completed"],
        ["run_3", "completed"],
      ],
    );
  }));

test("a signal reaches the run that executes", () =>
  withProcess(async ({ process, ends, untilEnds }) => {
    execute(process, "run_a", "until-aborted", "null");
    process.abort("run_a", "enough");
    await untilEnds(1);
    const [end] = ends;
    assert.match(end?.result.kind === "completed" ? (end.result.output ?? "") : "", /enough/);
  }));

test("the control port refuses whoever does not have the token", () =>
  withProcess(async ({ process, listener }) => {
    for (const line of [
      `["hello","${process.id}","${"0".repeat(48)}",0]\n`,
      '["hello","p999","x",0]\n',
      "GET / HTTP/1.1\r\n\r\n",
      `${"x".repeat(1_000)}`,
    ]) {
      const socket = connect(listener.port, "127.0.0.1", () => socket.write(line));
      socket.on("error", () => {});
      let received = "";
      socket.on("data", (text) => (received += String(text)));
      await new Promise((resolve) => socket.once("close", resolve));
      assert.equal(received, "");
    }
  }));
