import assert from "node:assert/strict";
import { test } from "node:test";
import { openLedger } from "../stage/ledger.ts";
import { postgresPid, startServer, untilReady } from "../stage/platform.ts";
import { signal } from "../stage/processes.ts";
import { openStage } from "../stage/stage.ts";
import { until } from "../stage/until.ts";

test("everything reconnects to a Postgres that was killed, and nothing is lost", async (t) => {
  const stage = await openStage(t);
  const ledger = await openLedger(stage);
  const { api, ...server } = await startServer(stage);
  const worker = ledger.startWorker({ api, ...server });
  await untilReady(worker);
  const ending = await api.trigger("gated", { gate: stage.path("early") });
  const executing = await api.trigger("gated", { gate: stage.path("late") });
  await Promise.all([ledger.untilStarted(ending, 1), ledger.untilStarted(executing, 1)]);

  const pid = await until("Postgres has a pid", () => postgresPid(server.dataDir));
  signal(pid, "SIGKILL");
  await stage.write({ early: "" });
  const delivered = await api.untilFinished(ending);
  assert.notEqual(await postgresPid(server.dataDir), pid, "another Postgres runs");
  assert.equal(delivered.status, "COMPLETED");
  assert.equal(delivered.attemptCount, 1);

  const next = await api.untilFinished(await api.trigger("quick", { number: 1 }));
  assert.equal(next.status, "COMPLETED", "runs are triggered and executed as before");
  await stage.write({ late: "" });
  const continued = await api.untilFinished(executing);
  assert.equal(continued.status, "COMPLETED");
  assert.equal(continued.attemptCount, 1);
  for (const runId of [ending, executing]) assert.deepEqual(await ledger.attemptsOf(runId), [1]);
  assert.equal(server.command.ending, null, "the server has stayed");
  assert.equal(worker.ending, null, "and so has the worker");
});
