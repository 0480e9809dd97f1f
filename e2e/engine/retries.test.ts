import assert from "node:assert/strict";
import { test } from "node:test";
import { tasks } from "@pawl/sdk";
import type { failing } from "../projects/engine/trigger/plain.ts";
import type { aborts, caught, retriesLate, retriesSoon, unhandled } from "../projects/engine/trigger/retries.ts";
import { ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";

test("retries", async (t) => {
  const engine = await openEngine(t);
  const startsOf = async (runId: string) => engine.marks((mark) => mark.runId === runId && mark.name === "start");

  await t.test("config, then task, then trigger, merged field by field", async () => {
    const byConfig = await tasks.trigger<typeof failing>("failing", {});
    assert.equal((await ended(byConfig)).attemptCount, 4, "the config's attempts");
    const starts = await startsOf(byConfig.id);
    const pauses = starts.slice(1).map(({ atMs }, index) => atMs - (starts[index]?.atMs ?? 0));
    assert.ok(
      pauses.every((pauseMs) => pauseMs >= 38 && pauseMs < 1_000),
      `the config's delay: ${pauses}`,
    );
    const byTask = await tasks.trigger<typeof retriesSoon>("retries-soon", { failures: 9 });
    assert.equal((await ended(byTask)).attemptCount, 3, "the task's attempts");
    const byTrigger = await tasks.trigger<typeof retriesSoon>("retries-soon", { failures: 9 }, { maxAttempts: 2 });
    assert.equal((await ended(byTrigger)).attemptCount, 2, "the trigger's attempts");
    const [first, second] = await startsOf(byTrigger.id);
    const pauseMs = (second?.atMs ?? 0) - (first?.atMs ?? 0);
    assert.ok(pauseMs >= 195 && pauseMs < 1_500, `the task's delay still: ${pauseMs} ms`);
  });

  await t.test("every failed attempt is kept with its error", async () => {
    const run = await ended(await tasks.trigger<typeof failing>("failing", { times: 2 }));
    assert.equal(run.output, 3);
    assert.equal(run.attemptCount, 3);
    assert.deepEqual(
      run.attempts.map(({ number, error }) => [number, error.name, error.message]),
      [
        [1, "RangeError", "attempt 1 fails"],
        [2, "RangeError", "attempt 2 fails"],
      ],
    );
  });

  await t.test("a delay of up to a second stays in its process and keeps its slot", async () => {
    const handle = await tasks.trigger<typeof retriesSoon>("retries-soon", { failures: 2 });
    await engine.untilMark(handle, "start");
    const next = await tasks.trigger<typeof retriesSoon>("retries-soon", { failures: 0 });
    const pid = await outputOf(handle);
    await outputOf(next);
    const all = await startsOf(handle.id);
    assert.deepEqual(
      all.map((mark) => [mark.attempt, mark.pid]),
      [1, 2, 3].map((attempt) => [attempt, pid]),
      "one process executes all attempts",
    );
    const [begun] = await startsOf(next.id);
    assert.ok((begun?.atMs ?? 0) >= (all.at(-1)?.atMs ?? 0), "the next run of the queue waits for the last attempt");
  });

  await t.test("a longer delay is queued and gives its slot to others", async () => {
    const other = await tasks.trigger<typeof retriesLate>("retries-late", { fails: true });
    const handle = await tasks.trigger<typeof retriesLate>("retries-late", { fails: true });
    await engine.untilMark(other, "end");
    const failed = await engine.untilMark(handle, "end");
    const next = await tasks.trigger<typeof retriesLate>("retries-late", { fails: false });
    await outputOf(next);
    assert.equal((await untilStatus(handle, "EXECUTING")).attemptCount, 1, "between attempts it is shown as executing");
    await outputOf(handle);
    await outputOf(other);
    const [, second] = await startsOf(handle.id);
    const pauseMs = (second?.atMs ?? 0) - failed.atMs;
    assert.ok(pauseMs >= 1_490 && pauseMs < 4_000, `it took ${pauseMs} ms`);
    const [between] = await startsOf(next.id);
    assert.ok((between?.atMs ?? 0) < (second?.atMs ?? 0), "the next run had a slot of the two meanwhile");
  });

  await t.test("AbortTaskRunError ends the run at once", async () => {
    const run = await ended(await tasks.trigger<typeof aborts>("aborts", null));
    assert.equal(run.status, "FAILED");
    assert.equal(run.attemptCount, 1);
    assert.equal(run.error?.message, "The card was refused.");
  });

  await t.test("catchError decides: skip, when, with which policy, and what the error is", async () => {
    const end = async (decision: string) => ended(await tasks.trigger<typeof caught>("caught", { decision }), 20_000);
    const skipped = await end("skip");
    assert.deepEqual([skipped.status, skipped.attemptCount, skipped.error?.name], ["FAILED", 1, "RangeError"]);
    const replaced = await end("error");
    assert.deepEqual([replaced.error?.name, replaced.error?.message], ["TypeError", "another one"]);
    for (const decision of ["at", "delay", "policy"]) {
      const run = await end(decision);
      assert.deepEqual([run.status, run.output, run.attemptCount], ["COMPLETED", 2, 2], decision);
    }
    const [mark] = await engine.marks(({ name }) => name === "catchError");
    assert.deepEqual(mark?.note, { message: "the first one", retryDelayInMs: 60_000, hasTime: true });
    const left = await tasks.trigger<typeof caught>("caught", { decision: "none" }, { maxAttempts: 1 });
    assert.equal((await ended(left)).attemptCount, 1);
    const [told] = await engine.marks(({ name, runId }) => name === "catchError" && runId === left.id);
    assert.deepEqual(told?.note, { message: "the first one", hasTime: false }, "no attempt is left, and it is told so");
  });

  await t.test("an exception or a rejection that nobody catches fails its run", async () => {
    for (const by of ["exception", "rejection"] as const) {
      const run = await ended(await tasks.trigger<typeof unhandled>("unhandled", { by }));
      assert.equal(run.isFailed, true);
      assert.match(run.error?.message ?? "", /nobody catches this/, by);
    }
  });
});
