import assert from "node:assert/strict";
import { test } from "node:test";
import { BadRequestError, configure, envvars, NotFoundError, PermissionDeniedError, tasks, wait } from "@pawl/sdk";
import type { changesVariables, readsVariable } from "../projects/engine/trigger/env-vars.ts";
import { openEngine, outputOf } from "../stage/engine.ts";
import { startSecondServer } from "../stage/second-server.ts";

test("environment variables are managed from outside of runs and in them", async (t) => {
  await openEngine(t);
  await envvars.upload("proj_any", "dev", { variables: { KEPT: "1", GONE: "1" } });
  const handle = await tasks.trigger<typeof changesVariables>("changes-variables", undefined);
  assert.deepEqual(await outputOf(handle), { value: "2", names: ["FROM_RUN", "KEPT", "SECRET"] });
  assert.deepEqual(await envvars.list("proj_any", "dev"), [
    { name: "FROM_RUN", value: "2", isSecret: false },
    { name: "KEPT", value: "1", isSecret: false },
    { name: "SECRET", value: "<redacted>", isSecret: true },
  ]);
  await assert.rejects(envvars.retrieve("proj_any", "dev", "GONE"), NotFoundError);
  await assert.rejects(envvars.update("proj_any", "dev", "GONE", { value: "1" }), NotFoundError);
  await assert.rejects(envvars.create("proj_any", "dev", { name: "1A", value: "1" }), BadRequestError);
  await assert.rejects(envvars.list("proj_any", "prod"), PermissionDeniedError);
});

const read = (name: string) => tasks.trigger<typeof readsVariable>("reads-variable", { name });

test("the next run has what was set, changed or removed; the same process serves while nothing changes", async (t) => {
  await openEngine(t, { worker: { processes: 1 } });
  const set = (value: string) => envvars.create("proj_any", "dev", { name: "GREETING", value, isSecret: true });
  assert.equal((await outputOf(await read("GREETING"))).before, null);
  const pids = new Set<number>();
  for (const value of ["hello", "good day", "one\ntwo 'three' \"four\" ✓"]) {
    await set(value);
    const output = await outputOf(await read("GREETING"));
    assert.equal(output.before, value);
    pids.add(output.pid);
  }
  assert.equal(pids.size, 3, "no process serves two sets");
  const again: number[] = [];
  for (let i = 0; i < 3; i++) again.push((await outputOf(await read("GREETING"))).pid);
  assert.ok(again.every((pid) => pid === again[0]));
  await envvars.del("proj_any", "dev", "GREETING");
  assert.equal((await outputOf(await read("GREETING"))).before, null);
});

test("a run that waits keeps the variables that it began with", async (t) => {
  const { untilMark } = await openEngine(t);
  await envvars.create("proj_any", "dev", { name: "COLOUR", value: "red" });
  const token = await wait.createToken({});
  const parked = await tasks.trigger<typeof readsVariable>("reads-variable", { name: "COLOUR", tokenId: token.id });
  await untilMark(parked, "start");
  await envvars.create("proj_any", "dev", { name: "COLOUR", value: "blue" });
  assert.equal((await outputOf(await read("COLOUR"))).before, "blue");
  await wait.completeToken(token, null);
  const { before, after } = await outputOf(parked);
  assert.deepEqual([before, after], ["red", "red"]);
});

test("the project's .env goes before the server's variables, and those before the worker's own", async (t) => {
  const { stage, startWorker } = await openEngine(t, { worker: null });
  await stage.write({ "project/.env": "IN_FILE=file\nTRIGGER_SECRET_KEY=not this" });
  const variables = { IN_FILE: "server", IN_SHELL: "server" };
  await envvars.upload("proj_any", "dev", { variables });
  await startWorker({ env: { IN_FILE: "shell", IN_SHELL: "shell", ONLY_SHELL: "shell" } });
  assert.equal((await outputOf(await read("IN_FILE"))).before, "file");
  assert.equal((await outputOf(await read("IN_SHELL"))).before, "server");
  assert.equal((await outputOf(await read("ONLY_SHELL"))).before, "shell");
});

test("values are in nobody's output", async (t) => {
  const { worker, server } = await openEngine(t);
  await envvars.create("proj_any", "dev", { name: "TOKEN", value: "s3cret-of-this-test", isSecret: true });
  assert.equal((await outputOf(await read("KEPT_QUIET"))).before, null);
  for (const command of [worker, server.command]) {
    assert.ok(!`${command?.stdout}${command?.stderr}`.includes("s3cret-of-this-test"));
  }
});

test("a host of another server has what was changed through this one", async (t) => {
  const engine = await openEngine(t, { worker: null });
  const { apiUrl, secretKey } = engine.server;
  const second = await startSecondServer(engine);
  await engine.startWorker({ server: second });
  for (const value of ["1", "2"]) {
    configure({ baseURL: apiUrl, accessToken: secretKey });
    await envvars.create("proj_any", "dev", { name: "ACROSS", value });
    configure({ baseURL: second.apiUrl, accessToken: secretKey });
    assert.equal((await outputOf(await read("ACROSS"))).before, value);
  }
});
