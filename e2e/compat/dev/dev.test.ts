import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { RunEvents } from "@pawl/contract/api/runs";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { until } from "../../stage/until.ts";
import { startOriginalDev } from "./original-cli.ts";

test("trigger dev of the original executes runs", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const { api } = server;
  const { cli, projectDir, untilVersion } = await startOriginalDev(stage, server);

  await t.test("a task runs, is shown by both sides, and its logs arrive", async () => {
    const runId = await api.trigger("greet", { name: "Ada" }, { tags: ["first"] });
    const run = await api.untilFinished(runId);
    assert.deepEqual([run.status, run.output, run.attemptCount], ["COMPLETED", { text: "Hello, Ada" }, 1]);
    assert.equal(run.version, await untilVersion(1));
    await cli.untilWritten("end of the run", ({ stdout }) => stdout.includes(runId) && /Success/.test(stdout));
    const messages = await until("its logs", async () => {
      const { events } = (await api.call("GET", `/api/v1/runs/${runId}/events`)).body as unknown as RunEvents;
      const logs = events.filter(({ kind }) => kind === "log").map(({ message }) => message);
      return logs.length >= 2 ? logs : null;
    });
    assert.deepEqual([...messages].sort(), ["A greeting is made", "plain output"]);
  });

  await t.test("a task that fails is attempted again, as its configuration says", async () => {
    const run = await api.untilFinished(await api.trigger("fail-twice", {}));
    assert.deepEqual([run.status, run.output, run.attemptCount], ["COMPLETED", { attempts: 3 }, 3]);
    assert.deepEqual(
      run.attempts.map(({ error }) => error.message),
      ["attempt 1 went wrong", "attempt 2 went wrong"],
    );
  });

  await t.test("a task that fails for good says why", async () => {
    const run = await api.untilFinished(await api.trigger("fail", {}));
    assert.deepEqual([run.status, run.attemptCount], ["FAILED", 1]);
    assert.deepEqual([run.error?.name, run.error?.message], ["RangeError", "it can't be done"]);
    assert.match(run.error?.stackTrace ?? "", /basics\.ts/);
  });

  await t.test("a change is executed by the next run, and what is locked to an earlier version by that", async () => {
    const change = (greeting: string) =>
      writeFile(join(projectDir, "src", "greeting.ts"), `export const greeting = "${greeting}";\n`);
    await change("Ciao");
    const second = await untilVersion(2);
    const run = await api.untilFinished(await api.trigger("greet", { name: "Ada" }));
    assert.deepEqual([run.output, run.version], [{ text: "Ciao, Ada" }, second]);
    // Not the first version: the original builds the second one over it.
    await change("Salut");
    await untilVersion(3);
    const old = await api.untilFinished(await api.trigger("greet", { name: "Ada" }, { lockToVersion: second }));
    assert.deepEqual([old.output, old.version], [{ text: "Ciao, Ada" }, second]);
  });
});
