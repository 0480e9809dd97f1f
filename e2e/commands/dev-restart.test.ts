import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type Api, apiOf } from "../stage/api.ts";
import { untilReady } from "../stage/platform.ts";
import { openStage, type Stage } from "../stage/stage.ts";
import { configFile } from "./dev-project.ts";

const approvalFile = (from: string) => `import { task, wait } from "@pawl/sdk";

export const approval = task({
  id: "approval",
  run: async ({ token }: { token: string }) => {
    await wait.forToken(token);
    return "${from}";
  },
});
`;

test("a run that waits goes on with its code when the task was edited and pawl dev started again", async (t) => {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", {
    "trigger.config.ts": configFile,
    "trigger/approval.ts": approvalFile("first"),
  });
  const before = await startDev(stage, projectDir);
  const { body } = await before.api.call("POST", "/api/v1/waitpoints/tokens", "{}");
  const begun = await before.api.trigger("approval", { token: body.id });
  const waiting = await before.api.untilRun(begun, "waited", ({ status }) => status === "WAITING");
  before.command.signalGroup("SIGINT");
  await before.command.ended;

  await stage.write({ "app/trigger/approval.ts": approvalFile("second") });
  const { api, command } = await startDev(stage, projectDir);
  const completed = await api.call("POST", `/api/v1/waitpoints/tokens/${body.id}/complete`, "{}");
  assert.equal(completed.status, 200, JSON.stringify(completed.body));
  const old = await api.untilFinished(begun);
  assert.equal(old.output, "first");
  assert.equal(old.version, waiting.version);
  const fresh = await api.untilFinished(await api.trigger("approval", { token: body.id }));
  assert.equal(fresh.output, "second");

  await t.test("a version without any task is told", async () => {
    await stage.write({ "app/trigger/approval.ts": "export {};" });
    const { message } = await command.untilLine("warning");
    assert.match(String(message), /^No tasks found in trigger: /);
  });
});

async function startDev(stage: Stage, projectDir: string) {
  const command = stage.pawl(["dev", "--port", "0", "--json"], { cwd: projectDir });
  await untilReady(command);
  const devFile = await readFile(join(projectDir, ".pawl", "dev.json"), "utf8");
  const { apiUrl, secretKey } = JSON.parse(devFile) as { apiUrl: string; secretKey: string };
  const api: Api = apiOf(apiUrl, secretKey);
  return { command, api };
}
