import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { RunDetail } from "@pawl/contract/api/runs";
import { type Api, apiOf } from "../stage/api.ts";
import { startServer, untilReady } from "../stage/platform.ts";
import { openStage, untilGone } from "../stage/stage.ts";
import { appFile, configFile, tasksFile } from "./dev-project.ts";

test("pawl dev, from the first trigger to Ctrl-C", async (t) => {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", {
    "trigger.config.ts": configFile,
    "trigger/tasks.ts": tasksFile("first"),
    "app.ts": appFile,
  });
  const inProject = { cwd: projectDir };
  const dev = stage.pawl(["dev", "--port", "0", "--json"], inProject);
  await untilReady(dev);
  const devFilePath = join(projectDir, ".pawl", "dev.json");
  const devFile = JSON.parse(await readFile(devFilePath, "utf8")) as { apiUrl: string; secretKey: string; pid: number };
  const api = apiOf(devFile.apiUrl, devFile.secretKey);

  await t.test("tells apps beside it where it is, and nobody else", async () => {
    assert.equal((await stat(devFilePath)).mode & 0o777, 0o600);
    assert.equal(devFile.pid, dev.pid);
    const app = await stage.node(["app.ts"], inProject).finished();
    assert.equal(app.ending?.code, 0, app.report());
    assert.deepEqual(app.lines, [{ status: "COMPLETED", output: { text: "Hello, Ada!", from: "first" } }]);
  });

  await t.test("executes what is triggered from the terminal, and exits as the run ended", async () => {
    const good = await stage
      .pawl(["trigger", "hello", "--payload", '{"name":"Grace"}', "--wait", "--json"], inProject)
      .finished();
    assert.equal(good.ending?.code, 0, good.report());
    assert.equal(good.lines.length, 1);
    assert.equal(good.lines[0]?.status, "COMPLETED");
    assert.deepEqual(good.lines[0]?.output, { text: "Hello, Grace!", from: "first" });
    const bad = await stage.pawl(["trigger", "throws", "--wait"], inProject).finished();
    assert.equal(bad.ending?.code, 1, bad.report());
    assert.match(bad.stdout, /FAILED/);
    assert.match(bad.stdout, /RangeError: too far/);
  });

  await t.test("refuses a task that is not there, unless it is asked for anyway", async () => {
    const refused = await stage.pawl(["trigger", "helo", "--wait"], inProject).finished();
    assert.equal(refused.ending?.code, 1, refused.report());
    assert.match(refused.stderr, /has no task helo: did you mean hello\?/);
    const anyway = await stage.pawl(["trigger", "helo", "--anyway", "--json"], inProject).finished();
    assert.equal(anyway.ending?.code, 0, anyway.report());
    assert.equal((await api.run(String(anyway.lines[0]?.id))).status, "PENDING_VERSION");
  });

  await t.test("tells each attempt that failed", async () => {
    const done = await stage.pawl(["trigger", "second-time", "--wait"], inProject).finished();
    assert.equal(done.ending?.code, 0, done.report());
    assert.equal(done.stdout.match(/attempt 1 failed after/g)?.length, 1, done.report());
    assert.match(done.stdout, /Error: not yet\n/);
  });

  await t.test("lists runs, and shows one with its logs", async () => {
    const list = await stage.pawl(["runs", "--task", "hello", "--json"], inProject).finished();
    assert.equal(list.ending?.code, 0, list.report());
    assert.equal(list.lines.length, 2);
    assert.ok(list.lines.every(({ status }) => status === "COMPLETED"));
    const id = String(list.lines[0]?.id);
    const shown = await stage.pawl(["runs", "show", id, "--json"], inProject).finished();
    const [run] = shown.lines as unknown as (RunDetail & { events: readonly { message: string }[] })[]; // its documented form
    assert.equal(run?.id, id);
    assert.deepEqual(run?.output, { text: "Hello, Grace!", from: "first" });
    assert.deepEqual(
      run?.events.map(({ message }) => message),
      ["Saying hello"],
    );
    const failed = await stage.pawl(["runs", "--status", "failed"], inProject).finished();
    assert.match(failed.stdout, /throws +FAILED/);
    assert.doesNotMatch(failed.stdout, /hello/);
  });

  await t.test("keeps the error of a task with the place in its source", async () => {
    const run = await api.untilFinished(await api.trigger("throws", {}));
    assert.equal(run.status, "FAILED");
    assert.equal(run.error?.name, "RangeError");
    assert.equal(run.error?.message, "too far");
    const line =
      tasksFile("first")
        .split("\n")
        .findIndex((text) => text.includes("new RangeError")) + 1;
    assert.match(run.error?.stackTrace ?? "", new RegExp(`trigger/tasks\\.ts:${line}:`));
  });

  await t.test("attempts a run again as its task says", async () => {
    const run = await api.untilFinished(await api.trigger("second-time", {}));
    assert.equal(run.status, "COMPLETED");
    assert.equal(run.attemptCount, 2);
    assert.equal(run.output, 2);
    const given = await api.untilFinished(await api.trigger("second-time", {}, { maxAttempts: 1 }));
    assert.equal(given.status, "FAILED");
    assert.equal(given.attemptCount, 1);
  });

  await t.test("fails a run at once when its payload does not fit the schema", async () => {
    const run = await api.untilFinished(await api.trigger("checked", { width: "wide", height: -1 }));
    assert.equal(run.status, "FAILED");
    assert.equal(run.attemptCount, 1, "it is not attempted again");
    assert.match(run.error?.message ?? "", /width/);
    assert.match(run.error?.message ?? "", /height/);
  });

  await t.test("answers what it can't do with a sentence", () => refusesRequests(api));

  await t.test(
    "keeps a run of an unknown task until a version has it, and a run on the code it began with",
    async () => {
      const waiting = await api.trigger("later", {});
      assert.equal((await api.run(waiting)).status, "PENDING_VERSION");
      const shown = await stage.pawl(["runs", "show", waiting], inProject).finished();
      assert.match(shown.stdout, /PENDING_VERSION/);
      assert.match(
        shown.stdout,
        /No version of environment dev has the task later: correct its id, or start a worker that has it\./,
      );

      const begun = await api.trigger("gated", { gate: stage.path("gate") });
      await dev.untilLine("run_log", ({ runId }) => runId === begun);
      const failing = await api.trigger("gated", { gate: stage.path("gate"), failsOnce: true });
      await dev.untilLine("run_log", ({ runId }) => runId === failing);
      await stage.write({ "app/trigger/tasks.ts": tasksFile("second") });
      await dev.untilLine("version_ready", ({ isFirst }) => isFirst === false);
      const run = await api.untilFinished(waiting);
      assert.equal(run.status, "COMPLETED");
      assert.equal(run.output, "at last");
      const next = await api.untilFinished(await api.trigger("hello", { name: "Edsger" }));
      assert.deepEqual(next.output, { text: "Hello, Edsger!", from: "second" });
      assert.equal(next.version, run.version);

      await stage.write({ gate: "" });
      const old = await api.untilFinished(begun);
      assert.equal(old.output, "first");
      assert.notEqual(old.version, run.version);
      const repeated = await api.untilFinished(failing);
      assert.deepEqual([repeated.output, repeated.attemptCount, repeated.version], ["first", 2, old.version]);
    },
  );

  await t.test("keeps the version before when a change can't be loaded", async () => {
    await stage.write({ "app/trigger/tasks.ts": "export const = broken" });
    const line = await dev.untilLine("version_failed");
    assert.match(String(line.message), /trigger\/tasks\.ts:1:/);
    const run = await api.untilFinished(await api.trigger("hello", { name: "Alan" }));
    assert.deepEqual(run.output, { text: "Hello, Alan!", from: "second" });
  });

  await t.test("on Ctrl-C lets a run in flight end, and leaves no process behind", async () => {
    const runId = await api.trigger("gated", { gate: stage.path("last-gate") });
    await dev.untilLine("run_log", (line) => line.runId === runId);
    dev.signalGroup("SIGINT");
    await dev.untilLine("stopping", ({ executing }) => executing === 1);
    await stage.write({ "last-gate": "" });
    assert.deepEqual(await dev.ended, { code: 0, signal: null }, dev.report());
    await dev.untilLine("run_finished", (line) => line.runId === runId && line.error === null);
    assert.ok(!existsSync(devFilePath), "dev.json is gone");
    await untilGone(stage.folder);

    const server = await startServer(stage, { dataDir: join(projectDir, ".pawl") });
    assert.equal((await server.api.run(runId)).status, "COMPLETED");
  });
});

async function refusesRequests(api: Api): Promise<void> {
  const trigger = "/api/v1/tasks/hello/trigger";
  const tooLong = JSON.stringify({ payload: "x".repeat(3 * 1024 * 1024 + 1), options: { payloadType: "text/plain" } });
  const refused = [
    { status: 401, answer: await api.call("POST", trigger, "{}", "tr_dev_wrong"), about: /key/i },
    { status: 401, answer: await api.call("GET", "/api/v1/runs", undefined, ""), about: /key/i },
    { status: 400, answer: await api.call("POST", trigger, '{"payload": '), about: /JSON/ },
    { status: 413, answer: await api.call("POST", trigger, tooLong), about: /3|large|limit|over/i },
    { status: 404, answer: await api.call("GET", "/api/v1/nowhere"), about: /nowhere|route/i },
    { status: 404, answer: await api.call("GET", "/api/v3/runs/run_00000000000000000000000000"), about: /run/i },
  ];
  for (const { status, answer, about } of refused) {
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(String(answer.body.error), about);
  }
}
