import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { startServer } from "../../stage/platform.ts";
import { openStage } from "../../stage/stage.ts";
import { until } from "../../stage/until.ts";
import { startOriginalDev } from "./original-cli.ts";
import { runsOf } from "./runs-of.ts";

test("trigger dev of the original executes runs that wait", async (t) => {
  const stage = await openStage(t);
  const server = await startServer(stage);
  const { projectDir, untilVersion } = await startOriginalDev(stage, server, { tasks: ["waits.ts"] });
  const runs = runsOf(server);

  // All at once: each of them has a process of its own.
  const otherId = await runs.trigger("asks-other");
  const manyId = await runs.trigger("asks-many");
  const timeId = await runs.trigger("waits-for-time", { seconds: 6 });

  await t.test("for other runs", async () => {
    const run = await runs.ended(otherId);
    assert.equal(run.status, "COMPLETED", JSON.stringify(run));
    assert.deepEqual(run.output, { good: { twice: 42 }, bad: "-1 is below zero", unwrapped: { twice: 8 } });
    assert.deepEqual(run.metadata, { asked: 3, count: 2 });
  });

  await t.test("for batches", async () => {
    const run = await runs.ended(manyId);
    assert.equal(run.status, "COMPLETED", JSON.stringify(run));
    assert.deepEqual(run.output, { own: [2, "failed", 6], mixed: [10, 12] });
  });

  await t.test("for a time and for tokens", async () => {
    const lateId = await runs.trigger("waits-for-token", { timeout: "3s" });
    const tokenId = await runs.trigger("waits-for-token", { timeout: "1h" });
    const token = await until("a token", async () => (await runs.retrieve(tokenId)).metadata?.token);
    await runs.is(tokenId, "WAITING");
    await server.api.call("POST", `/api/v1/waitpoints/tokens/${token}/complete`, '{"data":{"approved":true}}');
    assert.deepEqual((await runs.ended(tokenId)).output, { approved: true });
    assert.deepEqual((await runs.ended(lateId)).output, { error: "WaitpointTimeoutError" });
    const { waitedMs } = (await runs.ended(timeId)).output as { waitedMs: number };
    assert.ok(waitedMs >= 5_900 && waitedMs < 15_000, String(waitedMs));
  });

  await t.test(
    "while their code is changed: they go on with the code that they began with, and so do their children",
    async () => {
      const runId = await runs.trigger("asks-later");
      const token = await until("a token", async () => (await runs.retrieve(runId)).metadata?.token);
      await runs.is(runId, "WAITING");
      await writeFile(join(projectDir, "src", "greeting.ts"), 'export const greeting = "Ciao";\n');
      await untilVersion(2);
      await server.api.call("POST", `/api/v1/waitpoints/tokens/${token}/complete`, "{}");
      assert.deepEqual((await runs.ended(runId)).output, { twice: 16, greeting: "Hello" });
      const greetId = await runs.trigger("greet", { name: "Ada" });
      assert.deepEqual((await runs.ended(greetId)).output, { text: "Ciao, Ada" });
    },
  );
});
