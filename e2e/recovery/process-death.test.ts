import assert from "node:assert/strict";
import { test } from "node:test";
import { openLedger } from "../stage/ledger.ts";
import { startServer, untilReady } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";

const deaths = [
  { by: "exit", name: "TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", says: /exited with code 3 .* process\.exit/ },
  { by: "segfault", name: "TASK_PROCESS_SIGSEGV", says: /SIGSEGV.* native/ },
  { by: "memory", name: "TASK_PROCESS_OOM_KILLED", says: /heap.* out of memory/ },
] as const;

test("a process that dies ends its own run with the reason, and no other run notices", async (t) => {
  const stage = await openStage(t);
  const ledger = await openLedger(stage);
  const { api, ...server } = await startServer(stage);
  // A heap that is full soon.
  const worker = ledger.startWorker({ api, ...server }, { NODE_OPTIONS: "--max-old-space-size=128" });
  await untilReady(worker);
  const bystander = await api.trigger("gated", { gate: stage.path("gate") });
  await ledger.untilStarted(bystander, 1);

  for (const { by, name, says } of deaths) {
    await t.test(`by ${by}`, async () => {
      const run = await api.untilFinished(await api.trigger("deadly", { by }));
      assert.equal(run.status, "CRASHED");
      assert.equal(run.error?.name, name);
      assert.match(run.error?.message ?? "", says);
      assert.equal(run.attemptCount, 1);
      assert.deepEqual(await ledger.attemptsOf(run.id), [1]);
    });
  }

  await stage.write({ gate: "" });
  const run = await api.untilFinished(bystander);
  assert.equal(run.status, "COMPLETED");
  assert.equal(run.attemptCount, 1);
  assert.deepEqual(await ledger.attemptsOf(bystander), [1]);
  const next = await api.untilFinished(await api.trigger("quick", { number: 1 }));
  assert.equal(next.status, "COMPLETED", "the worker goes on");
});
