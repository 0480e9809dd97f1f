import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { until } from "../../stage/until.ts";
import { startOriginalDev } from "./original-cli.ts";
import { runsOf } from "./runs-of.ts";

test("runs of a dev session of the original end in every way", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  await startOriginalDev(stage, server, { tasks: ["lasting.ts"] });
  const runs = runsOf(server);
  const lasting = async (name: string) => {
    const folder = stage.path(name);
    await mkdir(folder);
    const read = (file: string) => readFile(join(folder, file), "utf8").catch(() => "");
    return { folder, read, end: () => writeFile(join(folder, "end"), "") };
  };

  await t.test("cancelled, with their hook called", async () => {
    const { folder, read } = await lasting("cancelled-run");
    const runId = await runs.trigger("lasting", { folder });
    await until("the run has begun", () => read("begun"));
    await server.api.call("POST", `/api/v2/runs/${runId}/cancel`);
    assert.equal((await runs.ended(runId)).status, "CANCELED");
    await until("the hook was called", () => read("cancelled"));
  });

  await t.test("after their process has died once", async () => {
    const run = await runs.ended(await runs.trigger("exits"));
    assert.deepEqual([run.status, run.output, run.attemptCount], ["COMPLETED", { attempt: 2 }, 2]);
  });

  await t.test("when they last too long", async () => {
    assert.equal((await runs.ended(await runs.trigger("too-long"))).status, "TIMED_OUT");
  });

  await t.test("with streams that others read", async () => {
    const runId = await runs.trigger("writes");
    const run = await runs.ended(runId);
    assert.deepEqual([run.status, run.output], ["COMPLETED", "written"]);
    for (const [name, text] of [
      ["words", "one .*two .*three"],
      ["notes", "appended"],
    ] as const) {
      const answer = await fetch(`${server.apiUrl}/realtime/v1/streams/${runId}/${name}`, {
        headers: { authorization: `Bearer ${server.secretKey}`, accept: "text/event-stream" },
      });
      assert.match(await answer.text(), new RegExp(text));
    }
  });

  await t.test("after they were sent what they asked for", async () => {
    const runId = await runs.trigger("reads");
    const send = (text: string) =>
      server.api.call("POST", `/realtime/v1/streams/${runId}/input/answers`, JSON.stringify({ data: { text } }));
    await until("it asks", async () => (await runs.retrieve(runId)).metadata?.asks === 1);
    await send("first");
    await runs.is(runId, "WAITING");
    await send("second");
    const run = await runs.ended(runId);
    assert.deepEqual([run.status, run.output], ["COMPLETED", ["first", "second"]], JSON.stringify(run.error));
  });
});
