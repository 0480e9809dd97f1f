import assert from "node:assert/strict";
import { test } from "node:test";
import { runs, tasks, wait } from "@pawl/sdk";
import type { echo } from "../projects/engine/trigger/plain.ts";
import type {
  batchParent,
  disappointed,
  guardian,
  heavyParent,
  hooked,
  keyedToken,
  ownToken,
  parent,
  sleeper,
  waitsForToken,
  waitsOnce,
  waitsUntil,
} from "../projects/engine/trigger/waits.ts";
import { ended, openEngine, outputOf, untilStatus } from "../stage/engine.ts";

test("waits", async (t) => {
  const engine = await openEngine(t);
  const slept = async (run: { readonly id: string }) => {
    const [start, woke] = await Promise.all([engine.untilMark(run, "start"), engine.untilMark(run, "woke")]);
    return woke.atMs - start.atMs;
  };

  await t.test("wait.for gives its slot back, and goes on in time", async () => {
    const handle = await tasks.trigger<typeof sleeper>("sleeper", { seconds: 1.5 });
    const waiting = await untilStatus(handle, "WAITING");
    assert.equal(waiting.isWaiting, true);
    assert.match(waiting.reason ?? "", /\d{4}-\d\d-\d\dT/, "it says until when");
    const pid = await outputOf(handle);
    assert.equal((await engine.untilMark(handle, "start")).pid, pid, "its own process goes on with it");
    const ms = await slept(handle);
    assert.ok(ms >= 1_490 && ms < 2_500, `${ms} ms`);
    assert.equal((await runs.retrieve(handle)).attemptCount, 1);
  });

  await t.test("a wait of up to a second is a timer in the process", async () => {
    const handle = await tasks.trigger<typeof sleeper>("sleeper", { seconds: 0.4 });
    await engine.untilMark(handle, "start");
    assert.equal((await runs.retrieve(handle)).status, "EXECUTING");
    await outputOf(handle);
    const ms = await slept(handle);
    assert.ok(ms >= 390 && ms < 1_000, `${ms} ms`);
  });

  await t.test("wait.until: a date to come, one that is past, and one that must not be", async () => {
    const ahead = await tasks.trigger<typeof waitsUntil>("waits-until", { date: new Date(Date.now() + 1_800) });
    const past = await tasks.trigger<typeof waitsUntil>("waits-until", { date: new Date(0) });
    await outputOf(past);
    assert.ok((await slept(past)) < 500);
    const refused = await ended(
      await tasks.trigger<typeof waitsUntil>("waits-until", { date: new Date(0), throwIfInThePast: true }),
    );
    assert.match(refused.error?.message ?? "", /past/i);
    const { delayedUntil: _none, ...run } = await ended(ahead);
    assert.equal(run.output, "woke");
  });

  await t.test("a wait under a key is over for the next attempt", async () => {
    const handle = await tasks.trigger<typeof waitsOnce>("waits-once", { key: "a wait", seconds: 1.5 });
    await outputOf(handle);
    const marks = await engine.marks(({ runId }) => runId === handle.id);
    const [start1, woke1, start2, woke2] = marks.map(({ atMs }) => atMs);
    assert.equal(marks.length, 4);
    assert.ok((woke1 ?? 0) - (start1 ?? 0) >= 1_490);
    assert.ok((woke2 ?? 0) - (start2 ?? 0) < 1_000, "the second attempt does not wait again");
  });

  await t.test("a token, completed by another process", async () => {
    const token = await wait.createToken({ timeout: "1h", tags: ["order:1"] });
    assert.match(token.id, /^waitpoint_/);
    assert.equal(token.isCached, false);
    const handle = await tasks.trigger<typeof waitsForToken>("waits-for-token", { id: token.id });
    await untilStatus(handle, "WAITING");
    assert.equal((await wait.retrieveToken(token.id)).status, "WAITING");
    const when = new Date(0);
    assert.deepEqual(await wait.completeToken(token, { answer: 42, when }), { success: true });
    assert.deepEqual(await outputOf(handle), { ok: true, output: { answer: 42, when: when.toISOString() } });
    const shown = await wait.retrieveToken(token.id);
    assert.equal(shown.status, "COMPLETED");
    assert.deepEqual(shown.tags, ["order:1"]);
    assert.deepEqual(
      await wait.completeToken(token.id, { answer: 43 }),
      { success: true },
      "a second time changes nothing",
    );
    const late = await tasks.trigger<typeof waitsForToken>("waits-for-token", { id: token.id });
    assert.deepEqual(await outputOf(late), { ok: true, output: { answer: 42, when: when.toISOString() } });
    assert.ok((await slept(late)) < 1_000, "a token that is completed is not waited for");
  });

  await t.test("a token that a run made, completed by a plain POST to its URL", async () => {
    const handle = await tasks.trigger<typeof ownToken>("own-token", {});
    const { id, url } = (await engine.untilMark(handle, "token")).note as { id: string; url: string };
    await untilStatus(handle, "WAITING");
    const forged = await fetch(`${url.slice(0, -4)}0000`, { method: "POST", body: "{}" });
    assert.ok(forged.status === 401 || forged.status === 404, `${forged.status}`);
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ approved: true }),
    });
    assert.equal(response.status, 200);
    assert.deepEqual(await response.json(), { success: true });
    assert.deepEqual(await outputOf(handle), { ok: true, output: { approved: true } });
    assert.equal((await wait.retrieveToken(id)).status, "COMPLETED");
  });

  await t.test("a token that nobody completes times out", async () => {
    const result = await tasks.trigger<typeof ownToken>("own-token", { timeout: "2s" });
    const thrown = await tasks.trigger<typeof ownToken>("own-token", { timeout: "2s", unwraps: true });
    assert.deepEqual(await outputOf(result), { ok: false, error: "WaitpointTimeoutError" });
    const run = await ended(thrown);
    assert.equal(run.error?.name, "WaitpointTimeoutError");
    const { id } = (await engine.untilMark(result, "token")).note as { id: string };
    assert.equal((await wait.retrieveToken(id)).status, "TIMED_OUT");
  });

  await t.test("one token for many runs", async () => {
    const token = await wait.createToken({ timeout: "1h" });
    const handles = await Promise.all(
      Array.from({ length: 5 }, () => tasks.trigger<typeof waitsForToken>("waits-for-token", { id: token.id })),
    );
    for (const handle of handles) await untilStatus(handle, "WAITING");
    await wait.completeToken(token, { answer: "all" });
    for (const handle of handles) assert.deepEqual(await outputOf(handle), { ok: true, output: { answer: "all" } });
  });

  await t.test("tokens are listed, by status and tag; a key finds the same token again", async () => {
    const made = await outputOf(await tasks.trigger<typeof keyedToken>("keyed-token", { key: "one token" }));
    assert.equal(made.second, made.first);
    assert.equal(made.isCached, true);
    const byTag = await wait.listTokens({ tags: ["keyed"] });
    assert.deepEqual(
      byTag.data.map(({ id }) => id),
      [made.first],
    );
    const waiting: string[] = [];
    for await (const token of wait.listTokens({ status: "WAITING" })) waiting.push(token.id);
    assert.ok(waiting.includes(made.first));
    const completed = await wait.listTokens({ status: ["COMPLETED"] });
    assert.ok(completed.data.every(({ status }) => status === "COMPLETED"));
    await assert.rejects(wait.retrieveToken("waitpoint_00000000000000000000000000"), { name: "TriggerApiError" });
  });

  await t.test("triggerAndWait gives a child's output, by instance, by id and unwrapped", async () => {
    const payload = { at: new Date(0), set: new Set([1]) };
    for (const how of ["instance", "id", "unwrap"] as const) {
      const handle = await tasks.trigger<typeof parent>("parent", { payload, how });
      const output = (await outputOf(handle)) as { id?: string; output: { at: string } };
      assert.equal(output.output.at, new Date(0).toISOString(), how);
    }
  });

  await t.test("a child knows its parent, and is of its version", async () => {
    const handle = await tasks.trigger<typeof parent>("parent", { payload: "p" });
    const output = (await outputOf(handle)) as { id: string };
    const child = await runs.retrieve<typeof echo>(output.id);
    assert.equal(child.triggerFunction, "triggerAndWait");
    assert.equal(child.depth, 1);
    assert.equal((child.relatedRuns as { parent?: { id: string } }).parent?.id, handle.id);
    assert.equal(child.version, (await runs.retrieve(handle)).version);
  });

  await t.test("a child that fails is a result, or is thrown by unwrap", async () => {
    const result = await outputOf(await tasks.trigger<typeof disappointed>("disappointed", { unwraps: false }));
    assert.deepEqual({ ...result, id: "" }, { id: "", ok: false, name: "RangeError", message: "attempt 1 fails" });
    const thrown = await outputOf(await tasks.trigger<typeof disappointed>("disappointed", { unwraps: true }));
    assert.equal(thrown?.name, "SubtaskUnwrapError");
    assert.equal(thrown?.taskId, "failing");
    assert.match(thrown?.id ?? "", /^run_/);
    assert.match(thrown?.message ?? "", /attempt 1 fails/);
  });

  await t.test("batchTriggerAndWait gives results in the order of the items", async () => {
    const output = await outputOf(await tasks.trigger<typeof batchParent>("batch-parent", { count: 250 }));
    assert.deepEqual(
      output,
      Array.from({ length: 250 }, (_, number) => number),
    );
  });

  await t.test("what is too long for a message of control travels all the same", async () => {
    const length = 200_000;
    assert.deepEqual(await outputOf(await tasks.trigger<typeof heavyParent>("heavy-parent", { length })), [
      length,
      length,
      length,
    ]);
  });

  await t.test("onWait and onResume are told of each wait", async () => {
    const handle = await tasks.trigger<typeof hooked>("hooked", { seconds: 1.2 });
    const { id } = (await engine.untilMark(handle, "token")).note as { id: string };
    await untilStatus(handle, "WAITING");
    await wait.completeToken(id, {});
    await outputOf(handle);
    const marks = await engine.marks(({ runId, name }) => runId === handle.id && /^on/.test(name));
    const told = marks.map(({ name, note }) => `${name} ${(note as { type: string }).type}`);
    const types = ["duration", "task", "batch", "token"];
    assert.deepEqual(
      told,
      types.flatMap((type) => [`onWait ${type}`, `onResume ${type}`]),
    );
    const short = await tasks.trigger<typeof hooked>("hooked", { seconds: 0.1 });
    await wait.completeToken(((await engine.untilMark(short, "token")).note as { id: string }).id, {});
    await outputOf(short);
    const ofShort = await engine.marks(({ runId, name }) => runId === short.id && name === "onWait");
    assert.ok(!ofShort.some(({ note }) => (note as { type: string }).type === "duration"), "a timer is no such wait");
  });

  await t.test("outside of a run nothing can be waited for", async () => {
    const { echo: task } = await import("../projects/engine/trigger/plain.ts");
    const refusal = { name: "RunContextError", message: /waits? inside of a run.*only in the code of a task/ };
    await assert.rejects(async () => task.triggerAndWait(1), refusal);
    await assert.rejects(async () => wait.for({ seconds: 2 }), refusal);
  });

  await t.test("a run that waits for its child says which one", async () => {
    const handle = await tasks.trigger<typeof guardian>("guardian", { gate: engine.gate("named"), waits: true });
    const run = await untilStatus(handle, "WAITING");
    assert.match(run.reason ?? "", /run_/);
    await engine.open("named");
    await outputOf(handle);
  });
});
