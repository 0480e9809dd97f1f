import assert from "node:assert/strict";
import { test } from "node:test";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { copyOriginalProject, personalToken, startOriginalCli } from "./original-cli.ts";

test("trigger dev of the original says why it can't begin", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const projectDir = await copyOriginalProject(stage);
  const dev = async (token: string, ...args: readonly string[]) => {
    const env = { CI: "true", TRIGGER_API_URL: server.apiUrl, TRIGGER_ACCESS_TOKEN: token };
    const cli = startOriginalCli(stage, ["dev", "--skip-telemetry", ...args], { cwd: projectDir, env });
    const { ending, stdout, stderr } = await cli.finished();
    assert.equal(ending?.code, 1);
    return stdout + stderr;
  };

  await t.test("a token that nobody has", async () => {
    assert.match(await dev("tr_pat_unknown"), /Nobody has this personal token.*pawl token create/);
  });

  await t.test("a branch, which Pawl does not have", async () => {
    const said = await dev(await personalToken(server), "--branch", "mine");
    assert.match(said, /Failed to use branch "mine": Pawl has no branches of environments/);
  });
});
