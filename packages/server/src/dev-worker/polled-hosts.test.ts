import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { call, startApi } from "../api/fixtures/started-api.ts";
import type { EnvironmentStore } from "../engine/environment-ports.ts";
import { ended, pollingWorker } from "./fixtures/polling-worker.ts";
import { PolledHosts } from "./polled-hosts.ts";

/** An API whose hosts have a clock that the test moves. */
async function stage(t: TestContext) {
  const clock = { now: 1_000 };
  const errors: unknown[] = [];
  let polledHosts: PolledHosts | null = null;
  let environments: Pick<EnvironmentStore, "findByKey"> | null = null;
  const api = await startApi(t, (settings) => {
    settings.polledHosts.close();
    environments = settings.environments;
    const onError = (error: unknown) => errors.push(error);
    polledHosts = new PolledHosts({ ...settings, onError, now: () => clock.now });
    return { ...settings, polledHosts };
  });
  const care = async () => {
    await polledHosts?.runOnce();
    assert.deepEqual(errors, []);
  };
  const sql = (text: string) => api.database.query({ name: `test_${text.length}`, text, values: [] });
  const statusOf = async (runId: string) => (await call(api, "GET", `/api/v3/runs/${runId}`)).body.status;
  /** Until a worker waits for runs. */
  const asked = async () => {
    const environment = await environments?.findByKey(api.key);
    assert.ok(environment);
    while ((await polledHosts?.of(environment))?.isAsked !== true) await turn();
  };
  return { api, clock, care, sql, statusOf, asked };
}

test("an offer that nobody takes goes back, and can't be taken any more", async (t) => {
  const { api, care, sql, statusOf } = await stage(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  const offer = await worker.offered();
  await care();
  assert.equal(await statusOf(runId), "DEQUEUED");
  await sql("update live_run set booked_at = booked_at - interval '6 seconds'");
  await care();
  assert.equal(await statusOf(runId), "QUEUED");
  const again = await worker.offered();
  assert.deepEqual([again.runId, again.attempt], [runId, 1]);
  assert.equal((await worker.start(offer)).status, 409);
  assert.equal((await worker.start(again)).status, 200);
});

test("a run that its worker no longer asks for is executed again, and has used its attempt", async (t) => {
  const { api, clock, care } = await stage(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  const first = await worker.offered();
  await worker.start(first);
  clock.now += 15_000;
  await worker.latest(runId); // a sign of life
  await care();
  clock.now += 15_000;
  const asked = worker.dequeue();
  await care();
  assert.equal((await worker.latest(runId)).snapshot.executionStatus, "EXECUTING");
  clock.now += 21_000;
  await care();
  const [second] = await asked;
  assert.deepEqual([second?.runId, second?.attempt], [runId, 2]);
  assert.equal((await worker.latest(runId)).snapshot.executionStatus, "FINISHED"); // what the first process is told
  assert.equal((await worker.complete(first, ended(1))).status, 409);
});

test("a run that waited and is dropped is recovered without having used its attempt", async (t) => {
  const { api, clock, care } = await stage(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  await worker.start(await worker.offered());
  const date = new Date(Date.now() + 3_600_000).toISOString();
  await call(api, "POST", `/engine/v1/runs/${runId}/wait/duration`, { body: { date } });
  const asked = worker.dequeue();
  await care();
  clock.now += 21_000;
  await care();
  const [again] = await asked;
  assert.deepEqual([again?.runId, again?.attempt], [runId, 1]);
});

test("the runs of a session that has gone are executed again by the next", async (t) => {
  const { api, clock, care, statusOf, sql } = await stage(t);
  const worker = await pollingWorker(api, "mail.send");
  const runId = await worker.trigger("mail.send");
  await worker.start(await worker.offered());
  clock.now += 31_000;
  await care(); // nobody is there any more
  assert.equal(await statusOf(runId), "EXECUTING");
  while ((await sql("select from live_run where state = 'executing'")).length > 0) await turn();
  const [next] = await worker.dequeue();
  assert.deepEqual([next?.runId, next?.attempt], [runId, 2]);
});

test("what a host holds is known to one that takes its place", async (t) => {
  const { api, clock, care } = await stage(t);
  const worker = await pollingWorker(api, "mail.send");
  const [startedId, offeredId] = [await worker.trigger("mail.send"), await worker.trigger("mail.send")];
  const offers = [...(await worker.dequeue())];
  while (offers.length < 2) offers.push(...(await worker.dequeue()));
  const [started, offered] = [startedId, offeredId].map((id) => offers.find(({ runId }) => runId === id));
  assert.ok(started !== undefined && offered !== undefined);
  await worker.start(started);
  clock.now += 31_000;
  await care(); // as after a restart: the next call makes another host
  assert.equal((await worker.latest(startedId)).snapshot.executionStatus, "EXECUTING");
  assert.equal((await worker.start(offered)).status, 200);
  for (const offer of [started, offered]) {
    const { body } = await worker.complete(offer, ended(1));
    assert.equal(body.result.attemptStatus, "RUN_FINISHED");
  }
});

test("a session that has another version now is asked for runs of both", async (t) => {
  const { api } = await stage(t);
  const old = await pollingWorker(api, "mail.send");
  const lockedId = await old.trigger("mail.send", { options: { lockToVersion: old.versionLabel, delay: "1s" } });
  const asked = old.dequeue();
  const worker = await pollingWorker(api, "mail.send", "mail.read");
  const currentId = await worker.trigger("mail.read");
  const offers = [...(await worker.dequeue()), ...(await asked)];
  while (offers.length < 2) offers.push(...(await worker.dequeue()));
  assert.deepEqual(offers.map(({ runId }) => runId).sort(), [lockedId, currentId].sort());
});

test("of two sessions each is offered the runs of its own version, also while it is between two calls", async (t) => {
  const { api, asked } = await stage(t);
  const other = await pollingWorker(api, "mail.send");
  const worker = await pollingWorker(api, "mail.send", "mail.read");
  const firstId = await worker.trigger("mail.send");
  assert.equal((await worker.offered()).runId, firstId);
  const offered = other.offered();
  await asked();
  const secondId = await worker.trigger("mail.send");
  const lockedId = await worker.trigger("mail.send", { options: { lockToVersion: other.versionLabel } });
  assert.equal((await offered).runId, lockedId);
  assert.equal((await worker.offered()).runId, secondId);
});

test("a run that calls a hook is over where workers have none, and its task is not executed again", async (t) => {
  const { api, sql } = await stage(t);
  const worker = await pollingWorker(api, "mail.send");
  await sql("update task set has_cancel_hook = true");
  const cancelledId = await worker.trigger("mail.send", { options: { delay: "1h" } });
  await call(api, "POST", `/api/v2/runs/${cancelledId}/cancel`);
  while ((await sql("select from run where hook is not null limit 1")).length === 0) await turn();
  const runId = await worker.trigger("mail.send");
  assert.equal((await worker.offered()).runId, runId);
  while ((await sql("select from run where hook is not null and outcome = 'completed'")).length === 0) await turn();
});

test("a store that is slow is not asked again before it has answered", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  const answer = Promise.withResolvers<readonly []>();
  let looks = 0;
  let polledHosts: PolledHosts | null = null;
  const api = await startApi(t, (settings) => {
    settings.polledHosts.close();
    const held = () => {
      looks++;
      return answer.promise;
    };
    const onError = (error: unknown) => assert.fail(String(error));
    polledHosts = new PolledHosts({ ...settings, polledRuns: { ...settings.polledRuns, held }, onError });
    return { ...settings, polledHosts };
  });
  await call(api, "GET", "/engine/v1/dev/runs/run_01kaqk9s6ye4ja0n3x5v7c9bd1/snapshots/latest");
  for (let i = 0; i < 5; i++) t.mock.timers.tick(2_500);
  assert.equal(looks, 1);
  answer.resolve([]);
  await turn();
  t.mock.timers.tick(2_500);
  assert.equal(looks, 2);
});
