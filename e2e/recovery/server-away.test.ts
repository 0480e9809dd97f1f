import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { leaseMs } from "@pawl/server/engine/host/lease-keeper";
import { openLedger } from "../stage/ledger.ts";
import { killServer, type StagedServer, startServer, untilReady } from "../stage/platform.ts";
import { openStage, type Stage } from "../stage/stage.ts";

/** Has a run executing while the server is away, and checks that nobody took its host for lost. */
async function keepsItsHost(t: TestContext, goAway: (stage: Stage, server: StagedServer) => Promise<StagedServer>) {
  const stage = await openStage(t);
  const ledger = await openLedger(stage);
  const server = await startServer(stage);
  await untilReady(ledger.startWorker(server));
  const runId = await server.api.trigger("gated", { gate: stage.path("gate") });
  await ledger.untilStarted(runId, 1);

  const { api } = await goAway(stage, server);
  const beside = await api.trigger("quick", { number: 1 });
  assert.equal((await api.untilFinished(beside)).status, "COMPLETED", "the host is back");
  await delay(leaseMs + 2_000); // whoever were to take the host for lost would have done so by then
  const run = await api.run(runId);
  assert.equal(run.status, "EXECUTING");
  assert.equal(run.attemptCount, 1);
  await stage.write({ gate: "" });
  const finished = await api.untilFinished(runId);
  assert.equal(finished.status, "COMPLETED");
  assert.equal(finished.attemptCount, 1);
  assert.deepEqual(await ledger.attemptsOf(runId), [1]);
}

describe("no host is taken for lost", { concurrency: true }, () => {
  test("when the server was away for 30 s", (t) =>
    keepsItsHost(t, async (stage, server) => {
      const restart = await killServer(stage, server);
      await delay(30_000); // the outage itself
      return restart();
    }));

  test("when the server stood still for longer than a lease, as a machine that sleeps", (t) =>
    keepsItsHost(t, async (_stage, server) => {
      server.command.signal("SIGSTOP");
      await delay(leaseMs * 1.5); // the sleep itself
      server.command.signal("SIGCONT");
      return server;
    }));
});
