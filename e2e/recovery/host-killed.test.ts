import assert from "node:assert/strict";
import { test } from "node:test";
import { openLedger } from "../stage/ledger.ts";
import { runProcessPids, startServer, untilReady } from "../stage/platform.ts";
import { openStage } from "../stage/stage.ts";
import { until } from "../stage/until.ts";

const rescueMs = 10_000;

test("the runs of a host that is killed are rescued within 10 s, and have used an attempt", async (t) => {
  const stage = await openStage(t);
  const ledger = await openLedger(stage);
  const { api, ...server } = await startServer(stage);
  const doomed = ledger.startWorker({ api, ...server });
  await untilReady(doomed);
  const gate = stage.path("gate");
  const repeated = await api.trigger("gated", { gate });
  const unrepeatable = await api.trigger("gated", { gate }, { maxAttempts: 1 });
  await Promise.all([ledger.untilStarted(repeated, 1), ledger.untilStarted(unrepeatable, 1)]);
  const orphans = await runProcessPids(stage);
  await untilReady(ledger.startWorker({ api, ...server }));

  const killedAtMs = Date.now();
  doomed.signal("SIGKILL");
  const again = await ledger.untilStarted(repeated, 2, 2 * rescueMs);
  assert.ok(again.atMs - killedAtMs <= rescueMs, `it took ${again.atMs - killedAtMs} ms`);
  const lost = await api.untilFinished(unrepeatable);
  assert.ok(Date.now() - killedAtMs <= rescueMs, "the run with one attempt is finished as early");
  assert.equal(lost.status, "SYSTEM_FAILURE");
  assert.equal(lost.attemptCount, 1);
  assert.match(lost.error?.message ?? "", /host that executed this run was lost/);

  await until("the processes of the dead host end by themselves", async () => {
    const left = await runProcessPids(stage);
    return orphans.every((pid) => !left.includes(pid));
  });
  await stage.write({ gate: "" });
  const run = await api.untilFinished(repeated);
  assert.equal(run.status, "COMPLETED");
  assert.equal(run.attemptCount, 2);
  assert.deepEqual(await ledger.attemptsOf(repeated), [1, 2]);
  assert.deepEqual(await ledger.attemptsOf(unrepeatable), [1], "it is not executed a second time");
});
