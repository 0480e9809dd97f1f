import assert from "node:assert/strict";
import { test } from "node:test";
import { openLedger } from "../stage/ledger.ts";
import { killServer, startServer, untilReady } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";

test("a server that is killed and started again goes on where it was", async (t) => {
  const stage = await openStage(t);
  const ledger = await openLedger(stage);
  const first = await startServer(stage);
  const worker = ledger.startWorker(first);
  await untilReady(worker);
  const executing = await first.api.trigger("gated", { gate: stage.path("late") });
  const ending = await first.api.trigger("gated-in-turn", { gate: stage.path("early") });
  const queued = [
    await first.api.trigger("gated-in-turn", { gate: stage.path("early") }),
    await first.api.trigger("gated-in-turn", { gate: stage.path("early") }),
  ];
  await Promise.all([ledger.untilStarted(executing, 1), ledger.untilStarted(ending, 1)]);

  const restart = await killServer(stage, first);
  await stage.write({ early: "" });
  await worker.untilLine("run_finished", ({ runId }) => runId === ending);
  const { api } = await restart();

  const delivered = await api.untilFinished(ending);
  assert.equal(delivered.status, "COMPLETED", "a result that could not be delivered is delivered");
  assert.equal(delivered.attemptCount, 1);
  for (const runId of queued) {
    const run = await api.untilFinished(runId);
    assert.equal(run.status, "COMPLETED", "a queued run goes on");
    assert.equal(run.attemptCount, 1);
  }
  assert.equal((await api.run(executing)).status, "EXECUTING");
  await stage.write({ late: "" });
  const continued = await api.untilFinished(executing);
  assert.equal(continued.status, "COMPLETED");
  assert.equal(continued.attemptCount, 1, "a run that executed meanwhile needs no other attempt");
  for (const runId of [executing, ending, ...queued]) assert.deepEqual(await ledger.attemptsOf(runId), [1]);
});
