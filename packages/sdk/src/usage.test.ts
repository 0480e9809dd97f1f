import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { fakeRun } from "./fixtures/fake-run.ts";
import { heartbeats } from "./heartbeats.ts";
import { runtime } from "./runtime.ts";
import { timeout } from "./timeout.ts";
import { usage } from "./usage.ts";

afterEach(() => {
  runtime().context = null;
});

test("usage counts what the run executes, and not what it waits", async () => {
  let executedMs = 1_000;
  const clocked = fakeRun({});
  Object.defineProperty(clocked.run, "executedMs", { get: () => executedMs });
  await clocked.execute(async () => {
    assert.equal(usage.getCurrent()?.compute.attempt.durationMs, 1_000);
    const measured = await usage.measure(() => {
      executedMs += 5;
      return "done";
    });
    assert.deepEqual(measured, { result: "done", compute: { durationMs: 5, costInCents: 0 } });
    assert.equal(usage.getCurrent()?.totalCostInCents, 0);
  });
});

test("outside of a run there is no usage, and what is measured is the time", async () => {
  assert.equal(usage.getCurrent(), undefined);
  const { result, compute } = await usage.measure(async () => 5);
  assert.equal(result, 5);
  assert.ok(compute.durationMs >= 0 && compute.durationMs < 60_000);
  await assert.rejects(
    usage.measure(() => Promise.reject(new RangeError("mine"))),
    RangeError,
  );
});

test("timeout has the signal of the run, and a duration without an end", () => {
  assert.equal(timeout.signal, undefined);
  const { run, execute } = fakeRun({});
  assert.equal(
    execute(() => timeout.signal),
    run.signal,
  );
  assert.ok(timeout.None > 60 * 365 * 24 * 3_600);
});

test("a yield lets others go, but not every time", async () => {
  await heartbeats.yield();
  assert.equal(heartbeats.getLastHeartbeat(), undefined);
  const { execute } = fakeRun({});
  await execute(async () => {
    let hasGone = false;
    setImmediate(() => {
      hasGone = true;
    });
    await heartbeats.yield();
    assert.ok(hasGone && heartbeats.getLastHeartbeat() instanceof Date);
    hasGone = false;
    setImmediate(() => {
      hasGone = true;
    });
    await heartbeats.yield();
    assert.ok(!hasGone);
  });
});
