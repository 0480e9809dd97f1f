import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, batch, queues, runs, tasks, wait } from "@pawl/sdk";
import type { cancelled, family, overtime, resumesLate } from "../projects/engine/trigger/control.ts";
import type { echo, failing, inspect } from "../projects/engine/trigger/plain.ts";
import type { ancestor, guardian } from "../projects/engine/trigger/waits.ts";
import { ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

test("cancel", async (t) => {
  const engine = await openEngine(t);
  const namesOf = async (runId: string) => (await engine.marks((mark) => mark.runId === runId)).map(({ name }) => name);
  const isCanceled = async (handle: { readonly id: string }) => {
    const run = await ended(handle);
    assert.equal(run.status, "CANCELED");
    assert.equal(run.isCancelled, true);
    return run;
  };

  await t.test("a delayed run, and one that waits for a version", async () => {
    const delayed = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    const pending = await tasks.trigger("no-such-task", 1);
    assert.equal((await runs.retrieve(pending)).status, "PENDING_VERSION");
    for (const handle of [delayed, pending]) {
      await runs.cancel(handle.id);
      assert.equal((await runs.retrieve(handle)).status, "CANCELED", "at once");
    }
  });

  await t.test("a queued run", async () => {
    await queues.pause({ type: "custom", name: "cancelled" });
    const handle = await tasks.trigger<typeof cancelled>("cancelled", {});
    await runs.cancel(handle.id);
    const run = await isCanceled(handle);
    assert.equal(run.attemptCount, 0);
    await queues.resume({ type: "custom", name: "cancelled" });
    await engine.untilMark(handle, "ran out");
    assert.deepEqual(await namesOf(handle.id), ["onCancel", "ran out"], "its code was never executed");
  });

  await t.test("an executing run: its signal, then onCancel, which may wait for its end", async () => {
    const handle = await tasks.trigger<typeof cancelled>("cancelled", {});
    await engine.untilMark(handle, "start");
    await runs.cancel(handle.id);
    const run = await isCanceled(handle);
    assert.equal(run.attemptCount, 1, "it is not attempted again");
    assert.deepEqual((await namesOf(handle.id)).sort(), ["aborted", "onCancel", "ran out", "start"]);
  });

  await t.test("a waiting run", async () => {
    const token = await wait.createToken({ timeout: "1h" });
    const handle = await tasks.trigger<typeof cancelled>("cancelled", { tokenId: token.id });
    await untilStatus(handle, "WAITING");
    await runs.cancel(handle.id);
    await isCanceled(handle);
    assert.deepEqual((await namesOf(handle.id)).sort(), ["aborted", "onCancel", "ran out", "start"]);
    await wait.completeToken(token, {});
  });

  await t.test("a run whose wait is over and that waits for its slot", async () => {
    const handle = await tasks.trigger<typeof resumesLate>("resumes-late", { seconds: 1.5 });
    await untilStatus(handle, "WAITING");
    const gate = engine.gate("slot");
    const holder = await tasks.trigger("gated", { gate }, { queue: "resuming" });
    await engine.untilMark(holder, "start");
    await until("its wait is over", async () =>
      /resum|slot|limit|turn/i.test((await runs.retrieve(handle)).reason ?? ""),
    );
    await runs.cancel(handle.id);
    await isCanceled(handle);
    assert.deepEqual((await namesOf(handle.id)).sort(), ["onCancel", "start"]);
    await engine.open("slot");
    await ended(holder);
  });

  await t.test("children and their children, those that are only triggered too", async () => {
    const gate = engine.gate("never");
    const top = await tasks.trigger<typeof ancestor>("ancestor", { gate });
    const middle = await until("the middle one waits", async () => {
      const [mark] = await engine.marks(({ taskId, name }) => taskId === "guardian" && name === "start");
      return mark === undefined ? null : { id: mark.runId };
    });
    await untilStatus(middle, "WAITING");
    const parent = await tasks.trigger<typeof family>("family", { gate, children: 600 });
    const { ids, batchId } = (await engine.untilMark(parent, "children")).note as { ids: string[]; batchId: string };
    await untilStatus(parent, "WAITING");
    await runs.cancel(top.id);
    await runs.cancel(parent.id);
    for (const handle of [top, middle, parent, ...ids.map((id) => ({ id }))]) await isCanceled(handle);
    const { runs: inBatch } = await batch.retrieve(batchId);
    assert.equal(inBatch.length, 600, "more than a page of them");
    await until("all children are cancelled", async () => {
      const [row] = await engine.database.query({
        name: "e2e_live_children",
        text: "select count(*)::int as count from live_run where task_id = 'gated'",
        values: [],
      });
      return row?.count === 0;
    });
    const gatedStart = await engine.marks(({ taskId, name }) => taskId === "gated" && name === "start");
    for (const { runId } of gatedStart) assert.equal((await runs.retrieve(runId)).isCompleted, true);
  });

  await t.test("a parent that only waits gets the child's cancellation as its result", async () => {
    const gate = engine.gate("never");
    const handle = await tasks.trigger<typeof guardian>("guardian", { gate, waits: true });
    await untilStatus(handle, "WAITING");
    const child = await until("the child", async () => {
      const { body } = await engine.api.call("GET", `/api/v3/runs/${handle.id}`);
      return (body.relatedRuns as { children?: { id: string }[] }).children?.[0];
    });
    await runs.cancel(child.id);
    await isCanceled(child);
    assert.equal(await outputOf(handle), child.id);
  });

  await t.test("a run that has finished stays as it is, and one that is unknown is a 404", async () => {
    const handle = await tasks.trigger<typeof echo>("echo", 1);
    await outputOf(handle);
    await runs.cancel(handle.id);
    assert.equal((await runs.retrieve(handle)).status, "COMPLETED");
    const failed = await tasks.trigger<typeof failing>("failing", {}, { maxAttempts: 1 });
    await ended(failed);
    await runs.cancel(failed.id);
    assert.equal((await runs.retrieve(failed)).status, "FAILED");
    await assert.rejects(runs.cancel("run_00000000000000000000000000"), (error) => {
      return error instanceof ApiError && error.status === 404;
    });
  });
});

test("replay, reschedule and maxDuration", async (t) => {
  const engine = await openEngine(t);

  await t.test("a replay has the payload and the options of its run", async () => {
    const options = { tags: ["a"], queue: "replayed", priority: 3, maxAttempts: 6, metadata: { m: 1 } };
    const payload = { at: new Date(0), n: 1 };
    const original = await tasks.trigger<typeof inspect>("inspect", payload, { ...options, idempotencyKey: "r" });
    const before = await outputOf(original);
    assert.equal(before.run.isReplay, false);
    const replay = await runs.replay(original.id);
    assert.notEqual(replay.id, original.id);
    const run = await ended(replay);
    const { run: ctx, queue } = run.output as Awaited<ReturnType<typeof outputOf<unknown, typeof before>>>;
    assert.equal(ctx.isReplay, true);
    assert.deepEqual([ctx.tags, queue, ctx.priority, ctx.maxAttempts], [["a"], "replayed", 3, 6]);
    assert.deepEqual(run.payload, { at: new Date(0).toISOString(), n: 1 });
    assert.equal(run.tags.join(), "a");
  });

  await t.test("or others, and any version", async () => {
    const original = await tasks.trigger<typeof echo>("echo", { n: 1 }, { tags: ["old"] });
    const { version } = await ended(original);
    const replay = await runs.replay(original.id, {
      payload: { n: 2, at: new Date(0) },
      tags: ["new"],
      version: String(version),
    });
    const run = await ended(replay);
    assert.deepEqual(run.output, { n: 2, at: new Date(0).toISOString() });
    assert.deepEqual(run.tags, ["new"]);
    assert.equal(run.version, version);
    await assert.rejects(runs.replay(original.id, { version: "20000101.1" }), /20000101\.1/);
    await assert.rejects(runs.replay("run_00000000000000000000000000"), (error) => {
      return error instanceof ApiError && error.status === 404;
    });
  });

  await t.test("a run that was cancelled, or failed, can be replayed", async () => {
    const failed = await tasks.trigger<typeof failing>("failing", { times: 1 }, { maxAttempts: 1 });
    assert.equal((await ended(failed)).status, "FAILED");
    const replay = await runs.replay(failed.id, { maxAttempts: 2 });
    assert.equal((await ended(replay)).output, 2);
  });

  await t.test("reschedule gives a delayed run another time, sooner or later", async () => {
    const handle = await tasks.trigger<typeof echo>("echo", "rescheduled", { delay: "1h" });
    const later = await runs.reschedule(handle.id, { delay: "2h" });
    assert.equal(later.status, "DELAYED");
    const inMs = (later.delayedUntil?.getTime() ?? 0) - Date.now();
    assert.ok(inMs > 3_600_000 && inMs <= 7_200_000, `${inMs} ms`);
    await runs.reschedule(handle.id, { delay: "1s" });
    assert.equal(await outputOf(handle), "rescheduled");
    await assert.rejects(runs.reschedule(handle.id, { delay: "1h" }), (error) => {
      return error instanceof ApiError && error.status === 422;
    });
    const other = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    await assert.rejects(runs.reschedule(other.id, { delay: "soon" }), /delay/);
    await runs.reschedule(other.id, { delay: new Date(Date.now() + 1_000) });
    await outputOf(other);
  });

  await t.test("maxDuration: the signal first, then the end; a loop that blocks is ended from outside", async () => {
    const asked = await tasks.trigger<typeof overtime>("overtime", {});
    const run = await ended(asked);
    assert.equal(run.status, "TIMED_OUT");
    assert.match(`${run.error?.name} ${run.error?.message}`, /MAX_DURATION_EXCEEDED|maxDuration/);
    assert.equal(run.attemptCount, 1, "it is not attempted again");
    await engine.untilMark(asked, "aborted");
    const blocked = await ended(await tasks.trigger<typeof overtime>("overtime", { blocks: true }), 30_000);
    assert.equal(blocked.status, "TIMED_OUT");
    await outputOf(await tasks.trigger<typeof echo>("echo", "the worker goes on"));
  });

  await t.test("maxDuration is of one attempt", async () => {
    const handle = await tasks.trigger<typeof overtime>("overtime", { short: true });
    assert.equal((await outputOf(handle)) as unknown, "in time");
    const { attemptCount, durationMs } = await runs.retrieve(handle);
    assert.equal(attemptCount, 2);
    assert.ok(durationMs >= 1_300, `${durationMs} ms in both`);
  });
});
