import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ApiError, configure, runs, tasks } from "@pawl/sdk";
import { ended, outputOf, untilStatus } from "../stage/engine.ts";
import { untilReady } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";
import { until } from "../stage/until.ts";

const config = `import { defineConfig } from "@pawl/sdk";
export default defineConfig({ project: "proj_versions", dirs: ["./trigger"], processKeepAlive: true });
`;

/** The tasks of a version; `later` is one of the second only. */
const tasksOf = (version: "first" | "second") => `import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { task } from "@pawl/sdk";

export const child = task({ id: "child", run: async () => "${version}" });

export const parent = task({
  id: "parent",
  retry: { maxAttempts: 2, minTimeoutInMs: 10, maxTimeoutInMs: 10 },
  run: async ({ gate, failsOnce }: { gate: string; failsOnce: boolean }, { ctx }) => {
    while (!existsSync(gate)) await delay(20);
    if (failsOnce && ctx.attempt.number === 1) throw new Error("once");
    const waited = await child.triggerAndWait().unwrap();
    const { runs: [inBatch] } = await child.batchTriggerAndWait([{ payload: undefined }]);
    const free = await child.trigger();
    return { own: "${version}", waited, inBatch: inBatch?.ok ? inBatch.output : null, freeId: free.id };
  },
});
${version === "second" ? `\nexport const later = task({ id: "later", run: async () => "at last" });\n` : ""}`;

interface ParentOutput {
  readonly own: string;
  readonly waited: string;
  readonly inBatch: string;
  readonly freeId: string;
}

test("versions", async (t) => {
  const stage = await openStage(t);
  const projectDir = await stage.project("app", { "trigger.config.ts": config, "trigger/tasks.ts": tasksOf("first") });
  const dev = stage.pawl(["dev", "--port", "0", "--json"], { cwd: projectDir });
  await untilReady(dev);
  const { apiUrl, secretKey } = JSON.parse(await readFile(join(projectDir, ".pawl", "dev.json"), "utf8")) as {
    apiUrl: string;
    secretKey: string;
  };
  configure({ baseURL: apiUrl, accessToken: secretKey });
  const gate = stage.path("gate");
  const begun = await tasks.trigger("parent", { gate, failsOnce: false });
  const repeated = await tasks.trigger("parent", { gate, failsOnce: true });
  for (const handle of [begun, repeated]) await untilStatus(handle, "EXECUTING");
  const first = (await runs.retrieve(begun)).version ?? "";
  const delayed = await tasks.trigger("child", undefined, { delay: "1h" });
  const pending = await tasks.trigger("later", {});
  const pendingInBatch = await tasks.batchTrigger("later", [{ payload: {} }]);
  assert.equal((await runs.retrieve(pending)).status, "PENDING_VERSION");
  await stage.write({ "app/trigger/tasks.ts": tasksOf("second") });
  const ready = await dev.untilLine("version_ready", ({ isFirst }) => isFirst === false);
  const second = String(ready.label);

  await t.test("PENDING_VERSION ends with the first version that has the task", async () => {
    const run = await ended(pending);
    assert.equal(run.output, "at last");
    assert.equal(run.version, second);
    const { batch } = await import("@pawl/sdk");
    await until("the batch too", async () => (await batch.retrieve(pendingInBatch.batchId)).status === "COMPLETED");
  });

  await t.test(
    "a run stays on the version that it began with, with its retries and the children it waits for",
    async () => {
      await stage.write({ gate: "" });
      for (const handle of [begun, repeated]) {
        const { own, waited, inBatch, freeId } = (await outputOf(handle)) as ParentOutput;
        assert.deepEqual([own, waited, inBatch], ["first", "first", "first"]);
        assert.equal((await runs.retrieve(handle)).version, first);
        assert.equal((await ended({ id: freeId })).output, "second", "a child that is only triggered is free");
      }
      assert.equal((await runs.retrieve(repeated)).attemptCount, 2);
    },
  );

  await t.test("a run that has not begun takes the version that is current then", async () => {
    await runs.reschedule(delayed.id, { delay: "0s" });
    const run = await ended(delayed);
    assert.deepEqual([run.output, run.version], ["second", second]);
  });

  await t.test("version: an older one by its label; an unknown one is refused", async () => {
    const pinned = await ended(await tasks.trigger("child", undefined, { version: first }));
    assert.deepEqual([pinned.output, pinned.version], ["first", first]);
    const replay = await ended(await runs.replay(pinned.id));
    assert.equal(replay.version, second, "a replay takes the current one");
    const replayed = await ended(await runs.replay(replay.id, { version: first }));
    assert.equal(replayed.output, "first");
    await assert.rejects(tasks.trigger("child", undefined, { version: "20000101.1" }), (error) => {
      return error instanceof ApiError && error.status === 422;
    });
  });
});
