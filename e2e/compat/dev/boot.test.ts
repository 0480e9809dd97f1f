import assert from "node:assert/strict";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { until } from "../../stage/until.ts";
import { personalToken, startOriginalDev } from "./original-cli.ts";

test("trigger dev of the original boots, registers what it builds, and again what changes", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const { api } = server;
  const { cli, projectDir, untilVersion } = await startOriginalDev(stage, server);
  const token = await personalToken(server);
  const isConnected = async () => (await api.call("GET", "/api/v1/projects/p/dev-status", undefined, token)).body;
  const change = (name: string, text: string) => writeFile(join(projectDir, "src", name), text);
  const currentVersion = async () => (await api.call("GET", "/worker/v1/tasks")).body;

  await t.test("with a configuration that names a project of another server", async () => {
    const { tasks, version } = await currentVersion();
    assert.deepEqual(
      (tasks as { id: string }[]).map(({ id }) => id),
      ["fail", "fail-twice", "greet", "nightly"],
    );
    assert.equal(version, await untilVersion(1));
    assert.deepEqual(await isConnected(), { isConnected: true });
    const { data } = (await api.call("GET", "/api/v1/schedules")).body as {
      data: { task: string; timezone: string }[];
    };
    assert.deepEqual(
      data.map(({ task, timezone }) => [task, timezone]),
      [["nightly", "Europe/Rome"]],
    );
  });

  await t.test("a change is another version", async () => {
    await change("greeting.ts", 'export const greeting = "Ciao";\n');
    const label = await untilVersion(2);
    assert.deepEqual([label.split(".")[1], (await currentVersion()).version], ["2", label]);
  });

  await t.test(
    "a schedule that can't be is shown where the code was changed, and its correction makes the next version",
    async () => {
      const file = join("trigger", "wrong.ts");
      const taskWith = (cron: string) =>
        `import { schedules } from "@trigger.dev/sdk";\nexport const wrong = schedules.task({ id: "wrong", cron: "${cron}", run: async () => 1 });\n`;
      await change(file, taskWith("every day"));
      await cli.untilWritten("refusal", ({ stdout }) =>
        /src\/trigger\/wrong\.ts: the schedule of the task "wrong"/.test(stdout),
      );
      assert.equal((await currentVersion()).version, await untilVersion(2));
      await change(file, taskWith("0 * * * *"));
      const corrected = await untilVersion(3);
      assert.equal((await currentVersion()).version, corrected);
      await rm(join(projectDir, "src", file));
    },
  );

  await t.test("its end is noticed", async () => {
    cli.signal("SIGINT");
    await cli.ended;
    await until("the session is gone", async () => (await isConnected()).isConnected === false);
  });
});
