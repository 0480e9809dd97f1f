import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { createHostStore } from "../../store/hosts.ts";
import { runStage } from "../../store/runs/fixtures/run-stage.ts";
import { ConnectedHost } from "./connected-host.ts";
import { LeaseKeeper, leaseMs } from "./lease-keeper.ts";

/** A keeper whose clocks the test moves, on a real store; a host of the stage holds one executing run. */
async function keeperStage(t: TestContext) {
  const stage = await runStage(t);
  const clock = { now: 1_000, timeOfDay: 1_000_000 };
  const queued: string[] = [];
  const errors: unknown[] = [];
  const keeper = new LeaseKeeper({
    hosts: createHostStore(stage.database),
    runs: stage.runs,
    onQueued: (environmentId) => queued.push(environmentId),
    onError: (error) => errors.push(error),
    now: () => clock.now,
    timeOfDay: () => clock.timeOfDay,
  });
  stage.onEnd(() => keeper.stop());
  const pass = (ms: number) => {
    clock.now += ms;
    clock.timeOfDay += ms;
  };
  /** Lets time pass as it does in a keeper that is never held up: with a round each second. */
  const live = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1_000) {
      pass(1_000);
      await keeper.runOnce();
    }
  };
  const closed: string[] = [];
  const link = {
    environment: stage.environment,
    tokenAccess: () => ({ url: "", publicAccessToken: "" }),
    isOpen: true,
    send: () => undefined,
    close: () => closed.push(stage.hostId),
  };
  const host = new ConnectedHost(stage.hostId, 0, link, [], { ready: 0, ahead: 0, processes: 1, afterPush: 0 });
  const claim = await stage.executing();
  const isExecuting = async () => (await stage.liveRun(claim.runId))?.state === "executing";
  return { stage, keeper, clock, pass, live, host, queued, errors, closed, isExecuting };
}

test("the runs of a host whose lease ended are queued again", async (t) => {
  const { stage, keeper, pass, queued, isExecuting } = await keeperStage(t);
  keeper.start();
  await stage.loseHost();
  pass(leaseMs + 1);
  await keeper.runOnce();
  assert.equal(await isExecuting(), false);
  assert.deepEqual(queued, [stage.environment.id]);
});

test("after a start nothing is judged for one lease", async (t) => {
  const { stage, keeper, pass, isExecuting } = await keeperStage(t);
  keeper.start();
  await stage.loseHost();
  pass(leaseMs - 100);
  await keeper.runOnce();
  assert.equal(await isExecuting(), true);
});

test("a host that gives signs of life keeps its lease", async (t) => {
  const { stage, keeper, pass, host, isExecuting } = await keeperStage(t);
  keeper.start();
  await stage.loseHost();
  pass(leaseMs + 1);
  keeper.add(host);
  await keeper.runOnce();
  assert.equal(await isExecuting(), true);
  const [row] = await stage.sql("select lease_expires_at > now() as holds from host");
  assert.equal(row?.holds, true);
});

test("a host that is connected and silent is lost when its lease ends", async (t) => {
  const { stage, keeper, live, host, isExecuting } = await keeperStage(t);
  keeper.start();
  keeper.add(host);
  await live(leaseMs);
  assert.equal(await isExecuting(), true);
  await stage.loseHost();
  await live(1_000);
  assert.equal(await isExecuting(), false);
});

test("a host that is connected and was given up by another server has to say hello again", async (t) => {
  const { stage, keeper, host, closed } = await keeperStage(t);
  keeper.start();
  keeper.add(host);
  await stage.loseHost();
  await stage.runs.rescue();
  await keeper.runOnce();
  assert.deepEqual(closed, [stage.hostId]);
});

test("after the machine slept, leases are judged only when another lease has passed", async (t) => {
  const { stage, keeper, live, clock, isExecuting } = await keeperStage(t);
  keeper.start();
  await live(leaseMs);
  await stage.loseHost();
  clock.timeOfDay += 3_600_000;
  await live(leaseMs - 1_000);
  assert.equal(await isExecuting(), true);
  await live(2_000);
  assert.equal(await isExecuting(), false);
});

test("after the server itself stood still, leases are judged only when another lease has passed", async (t) => {
  const { stage, keeper, pass, live, host, isExecuting } = await keeperStage(t);
  keeper.start();
  keeper.add(host);
  await live(leaseMs);
  await stage.loseHost();
  pass(60_000);
  await live(leaseMs - 1_000);
  assert.equal(await isExecuting(), true);
  await live(2_000);
  assert.equal(await isExecuting(), false);
});

test("after an error of the store, leases are judged only when another lease has passed", async (t) => {
  const { stage, keeper, live, errors, isExecuting } = await keeperStage(t);
  keeper.start();
  await live(leaseMs);
  await stage.loseHost();
  await stage.sql("alter table host rename to host_away");
  await keeper.runOnce();
  assert.equal(errors.length, 1);
  await stage.sql("alter table host_away rename to host");
  await live(leaseMs - 1_000);
  assert.equal(await isExecuting(), true);
  await live(2_000);
  assert.equal(await isExecuting(), false);
});
