import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { copyOriginalProject, personalToken, startOriginalCli } from "./original-cli.ts";

test("further commands of the original", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const cwd = await copyOriginalProject(stage);
  const { environments } = (await server.command.untilWritten("keys", ({ lines }) => lines[0])) as unknown as {
    environments: { slug: string; secretKey: string }[];
  };
  const prodKey = environments.find(({ slug }) => slug === "prod")?.secretKey;
  const tokens = { dev: await personalToken(server), prod: await personalToken(server, prodKey) };
  const trigger = async (slug: keyof typeof tokens, ...args: readonly string[]) => {
    const env = { CI: "true", TRIGGER_API_URL: server.apiUrl, TRIGGER_ACCESS_TOKEN: tokens[slug] };
    const command = await startOriginalCli(stage, [...args, "--skip-telemetry"], { cwd, env }).finished();
    return { ...command.ending, said: command.stdout + command.stderr };
  };

  await t.test("tasks trigger, runs list, get, cancel and replay", async () => {
    const triggered = await trigger("dev", "tasks", "trigger", "greet", "--payload", '{"name":"Ada"}', "--env", "dev");
    assert.match(triggered.said, /The dev command isn't running for this project/);
    const [runId = ""] = /run_\w+/.exec(triggered.said) ?? [];
    assert.match((await trigger("dev", "runs", "list", "--env", "dev")).said, new RegExp(`${runId}.*PENDING_VERSION`));
    assert.match((await trigger("dev", "runs", "cancel", runId, "--env", "dev", "--yes")).said, new RegExp(runId));
    assert.equal((await server.api.run(runId)).status, "CANCELED");
    assert.match((await trigger("dev", "runs", "get", runId, "--env", "dev")).said, /CANCELED/);
    const replayed = await trigger("dev", "runs", "replay", runId, "--env", "dev");
    assert.equal(replayed.code, 0, replayed.said);
  });

  await t.test("env set, list and get, of the environment that the token opens", async () => {
    assert.equal((await trigger("prod", "env", "set", "A", "1", "--env", "prod")).code, 0);
    assert.match((await trigger("prod", "env", "list", "--env", "prod")).said, /A/);
    assert.equal((await trigger("prod", "env", "get", "A", "--env", "prod", "--raw")).said.trim(), "1");
    assert.match((await trigger("dev", "env", "list", "--env", "prod")).said, /opens no environment prod/);
  });

  await t.test("projects list and get", async () => {
    assert.match((await trigger("dev", "projects", "list")).said, /default .* proj_\w+ .* Not deployed/);
    assert.match((await trigger("dev", "projects", "get", "proj_any")).said, /Name: +default/);
  });

  await t.test("what Pawl does not offer is said at once", async () => {
    const orgs = await trigger("dev", "orgs", "list");
    assert.deepEqual([orgs.code, /There is no route GET \/api\/v1\/orgs/.test(orgs.said)], [1, true]);
  });
});
