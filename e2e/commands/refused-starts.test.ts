import assert from "node:assert/strict";
import { createServer } from "node:net";
import { describe, type TestContext, test } from "node:test";
import type { RunningCommand } from "../stage/command.ts";
import { startServer, untilReady } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";
import { configFile, tasksFile } from "./dev-project.ts";

const tasks = tasksFile("first");

/** Checks that a command has ended with one sentence that names what is wrong and what to do about it. */
function assertRefused(command: RunningCommand, what: { readonly names: RegExp; readonly advises: RegExp }): void {
  assert.deepEqual(command.ending, { code: 1, signal: null }, command.report());
  const lines = command.stderr.trimEnd().split("\n");
  assert.equal(lines.length, 1, command.report());
  assert.match(command.stderr, what.names);
  assert.match(command.stderr, what.advises);
}

async function portThatIsTaken(t: TestContext): Promise<number> {
  const server = createServer();
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("what can't start says why in one sentence", { concurrency: 2 }, () => {
  test("a port that is taken", async (t) => {
    const stage = await openStage(t);
    const projectDir = await stage.project("app", { "trigger.config.ts": configFile, "trigger/tasks.ts": tasks });
    const port = await portThatIsTaken(t);
    const dev = await stage.pawl(["dev", "--port", String(port)], { cwd: projectDir }).finished();
    assertRefused(dev, {
      names: new RegExp(`Port ${port} is taken by pid ${process.pid} `),
      advises: /stop it, or choose another port/,
    });
  });

  test("a data folder and a project that are in use", async (t) => {
    const stage = await openStage(t);
    const server = await startServer(stage);
    const second = await stage.pawl(["server", "--port", "0", "--data-dir", server.dataDir]).finished();
    assertRefused(second, {
      names: new RegExp(`The data folder ${server.dataDir} is in use by pid ${server.command.pid}`),
      advises: /stop that process, or set PAWL_DATA_DIR to another folder/,
    });

    const projectDir = await stage.project("app", { "trigger.config.ts": configFile, "trigger/tasks.ts": tasks });
    const env = { TRIGGER_API_URL: server.apiUrl, TRIGGER_SECRET_KEY: server.secretKey };
    const dev = stage.pawl(["dev", "--json"], { cwd: projectDir, env });
    await untilReady(dev);
    const again = await stage.pawl(["dev", "--port", "0"], { cwd: projectDir }).finished();
    assertRefused(again, {
      names: new RegExp(`already runs for ${projectDir} \\(process ${dev.pid}`),
      advises: /end it/,
    });
  });

  test("a data folder that can't be written", async (t) => {
    const stage = await openStage(t);
    await stage.write({ taken: "a file, so that even root can make no folder in it" });
    const dataDir = stage.path("taken", "data");
    const server = await stage.pawl(["server", "--port", "0", "--data-dir", dataDir]).finished();
    const sentence = {
      names: new RegExp(`The data folder ${dataDir} can't be written`),
      advises: /change its permissions, or set PAWL_DATA_DIR/,
    };
    assertRefused(server, sentence);
    const projectDir = await stage.project("app", { "trigger.config.ts": configFile, "trigger/tasks.ts": tasks });
    const options = { cwd: projectDir, env: { PAWL_DATA_DIR: dataDir } };
    assertRefused(await stage.pawl(["dev", "--port", "0"], options).finished(), sentence);
  });

  test("a Postgres that can't be reached, or does not let the server in", async (t) => {
    const stage = await openStage(t);
    const env = { DATABASE_URL: "postgres://pawl:hidden@127.0.0.1:1/pawl", PAWL_ENCRYPTION_KEY: "ab".repeat(32) };
    const server = await stage.pawl(["server", "--port", "0"], { env }).finished();
    assertRefused(server, {
      names: /Postgres at 127\.0\.0\.1:1\/pawl .*ECONNREFUSED/,
      advises: /correct DATABASE_URL/,
    });
    assert.doesNotMatch(server.stderr, /hidden/, "the password is not shown");
    const keyless = { env: { DATABASE_URL: env.DATABASE_URL } };
    const without = await stage.pawl(["server", "--port", "0"], keyless).finished();
    assertRefused(without, { names: /PAWL_ENCRYPTION_KEY/, advises: /openssl rand -hex 32/ });
  });

  test("a project without tasks", async (t) => {
    const stage = await openStage(t);
    const empty = await stage.project("empty", {});
    const none = await stage.pawl(["dev", "--port", "0"], { cwd: empty }).finished();
    assertRefused(none, { names: new RegExp(`no task folder in ${empty}`), advises: /Make a folder named "trigger"/ });
    const projectDir = await stage.project("app", { "trigger.config.ts": configFile });
    const missing = await stage.pawl(["dev", "--port", "0"], { cwd: projectDir }).finished();
    assertRefused(missing, { names: /The task folder \.\/trigger, .* does not exist/, advises: /Create it/ });
    const nowhere = await stage.pawl(["dev", "nowhere"]).finished();
    assertRefused(nowhere, { names: /nowhere does not exist/, advises: /Give the folder of your project/ });
  });

  test("two tasks with one id", async (t) => {
    const stage = await openStage(t);
    const task = `import { task } from "@trigger.dev/sdk";\nexport const a = task({ id: "same", run: async () => 1 });\n`;
    const files = { "trigger.config.ts": configFile, "trigger/one.ts": task, "trigger/two.ts": task };
    const projectDir = await stage.project("app", files);
    const dev = await stage.pawl(["dev", "--port", "0"], { cwd: projectDir }).finished();
    assertRefused(dev, {
      names: /Two tasks have the id "same": in trigger\/one\.ts and trigger\/two\.ts/,
      advises: /Give one of them another id/,
    });
  });

  test("a schedule that can't fire", async (t) => {
    const stage = await openStage(t);
    const task = `import { schedules } from "@trigger.dev/sdk";\nexport const a = schedules.task({ id: "nightly", cron: "0 25 * * *", run: async () => 1 });\n`;
    const projectDir = await stage.project("app", { "trigger.config.ts": configFile, "trigger/nightly.ts": task });
    const dev = await stage.pawl(["dev", "--port", "0"], { cwd: projectDir }).finished();
    assertRefused(dev, {
      names:
        /trigger\/nightly\.ts: the schedule of the task "nightly": "25" is no hour in the cron expression "0 25 \* \* \*"/,
      advises: /it takes 0-23/,
    });
  });

  test("a config that does not parse, and a task file that throws", async (t) => {
    const stage = await openStage(t);
    const config = "import { defineConfig } from '@trigger.dev/sdk';\nexport default defineConfig({ project: });\n";
    const broken = await stage.project("broken", { "trigger.config.ts": config, "trigger/tasks.ts": tasks });
    const dev = await stage.pawl(["dev", "--port", "0"], { cwd: broken }).finished();
    assertRefused(dev, {
      names: /trigger\.config\.ts could not be read: .*trigger\.config\.ts:2:/,
      advises: /Correct/,
    });

    const files = { "trigger.config.ts": configFile, "trigger/tasks.ts": 'throw new Error("no database");\n' };
    const throwing = await stage
      .pawl(["dev", "--port", "0"], { cwd: await stage.project("throwing", files) })
      .finished();
    assert.deepEqual(throwing.ending, { code: 1, signal: null }, throwing.report());
    assert.match(throwing.stderr, /trigger\/tasks\.ts.*no database/);
    assert.match(throwing.stderr, /trigger\/tasks\.ts:1:/, "the place in the source");
  });

  test("a command without a server or a key", async (t) => {
    const stage = await openStage(t);
    const keyless = await stage.pawl(["trigger", "hello"]).finished();
    assertRefused(keyless, { names: /no key/, advises: /start "pawl dev" in this folder, or set TRIGGER_SECRET_KEY/ });
    const env = { TRIGGER_API_URL: "http://127.0.0.1:1", TRIGGER_SECRET_KEY: "tr_dev_x" };
    const alone = await stage.pawl(["runs"], { env }).finished();
    assertRefused(alone, { names: /No server answers at http:\/\/127\.0\.0\.1:1/, advises: /correct TRIGGER_API_URL/ });
  });
});
