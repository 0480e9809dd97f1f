import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { killServer, startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { until } from "../../stage/until.ts";
import { endGuard, startOriginalDev } from "./original-cli.ts";
import { runsOf } from "./runs-of.ts";

test("runs of the original's dev sessions outlive what is lost", async (t) => {
  const stage = await openStage(t);
  let server = await startServer(stage);
  const first = await startOriginalDev(stage, server, { tasks: ["lasting.ts", "waits.ts"] });
  const { projectDir } = first;
  let session = first.cli;
  const again = async () => {
    const dev = await startOriginalDev(stage, server, { projectDir });
    session = dev.cli;
  };
  const lasting = async (name: string) => {
    const folder = stage.path(name);
    await mkdir(folder);
    const begun = () => readFile(join(folder, "begun"), "utf8").catch(() => "");
    const runId = await runsOf(server).trigger("lasting", { folder });
    await until("the run has begun", begun);
    return { runId, begun, end: () => writeFile(join(folder, "end"), "") };
  };

  await t.test("a server that is killed and comes back", async () => {
    const { runId, begun, end } = await lasting("server-killed");
    const waitingId = await runsOf(server).trigger("waits-for-time", { seconds: 6 });
    await runsOf(server).is(waitingId, "WAITING");
    const start = await killServer(stage, server);
    server = await start();
    await end();
    const runs = runsOf(server);
    assert.deepEqual((await runs.ended(runId)).output, { attempt: 1 });
    assert.equal(await begun(), "1 ");
    assert.equal((await runs.ended(waitingId)).status, "COMPLETED");
  });

  await t.test("a session that is killed with its guard: the next one executes its runs again", async () => {
    const { runId, begun, end } = await lasting("all-killed");
    await endGuard(projectDir);
    session.signalGroup("SIGKILL");
    await session.ended;
    await again();
    await until("the run has begun again", async () => (await begun()) === "1 2 ");
    await end();
    assert.deepEqual((await runsOf(server).ended(runId)).output, { attempt: 2 });
  });

  await t.test("a session that is killed: its guard cancels what it executed", async () => {
    const { runId } = await lasting("session-killed");
    session.signal("SIGKILL");
    await session.ended;
    assert.equal((await runsOf(server).ended(runId)).status, "CANCELED");
  });
});
