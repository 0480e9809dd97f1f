import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { test } from "node:test";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { startOriginalDev, withoutSockets } from "./original-cli.ts";
import { runsOf } from "./runs-of.ts";

test("a dev session of the original whose socket never opens executes the same, some seconds later", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const env = { NODE_OPTIONS: withoutSockets };
  await startOriginalDev(stage, server, { tasks: ["waits.ts", "lasting.ts"], env });
  const runs = runsOf(server);
  const folder = stage.path("run");
  await mkdir(folder);
  const cancelledId = await runs.trigger("lasting", { folder });
  const askingId = await runs.trigger("asks-many");
  await runs.is(cancelledId, "EXECUTING");
  await server.api.call("POST", `/api/v2/runs/${cancelledId}/cancel`);
  const asking = await runs.ended(askingId);
  assert.deepEqual(asking.output, { own: [2, "failed", 6], mixed: [10, 12] }, JSON.stringify(asking));
  assert.equal((await runs.ended(cancelledId)).status, "CANCELED");
});
