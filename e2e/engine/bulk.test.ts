import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid, toPublicId } from "@pawl/contract/ids";
import { BadRequestError, NotFoundError, queues, runs, tasks, wait } from "@pawl/sdk";
import type { cancelled } from "../projects/engine/trigger/control.ts";
import type { echo, failing, gated } from "../projects/engine/trigger/plain.ts";
import { ended, openEngine, untilStatus } from "../stage/engine.ts";

const soon = { pollIntervalMs: 20 };

test("bulk actions", async (t) => {
  const engine = await openEngine(t);
  const idsOf = async (bulkAction: string) => {
    const ids: string[] = [];
    for await (const run of runs.list({ bulkAction, limit: 2 })) ids.push(run.id);
    return ids.sort();
  };

  await t.test("cancel by tag: what is queued, delayed, executing and waiting", async () => {
    const tags = ["tidy"];
    const executing = await tasks.trigger<typeof cancelled>("cancelled", {}, { tags });
    await engine.untilMark(executing, "start");
    const token = await wait.createToken({ timeout: "1h" });
    const waiting = await tasks.trigger<typeof cancelled>("cancelled", { tokenId: token.id }, { tags });
    await untilStatus(waiting, "WAITING");
    await queues.pause({ type: "custom", name: "cancelled" });
    const queued = await tasks.trigger<typeof cancelled>("cancelled", {}, { tags: ["other", "tidy"] });
    const delayed = await tasks.trigger<typeof echo>("echo", 1, { tags, delay: "1h" });
    const other = await tasks.trigger<typeof echo>("echo", 1, { tags: ["other"], delay: "1h" });
    const done = await ended(await tasks.trigger<typeof echo>("echo", 1, { tags }));

    const { id } = await runs.bulk.cancel({ filter: { tag: "tidy" }, name: "tidy up" });
    const action = await runs.bulk.poll(id, soon);
    assert.deepEqual([action.type, action.status, action.name], ["CANCEL", "COMPLETED", "tidy up"]);
    assert.deepEqual(action.counts, { total: 4, success: 4, failure: 0 });
    assert.ok(action.completedAt instanceof Date);
    const mine = [executing, waiting, queued, delayed];
    for (const handle of mine) assert.equal((await ended(handle)).status, "CANCELED");
    assert.equal((await runs.retrieve(done.id)).status, "COMPLETED", "what had finished stays as it is");
    assert.equal((await runs.retrieve(other)).status, "DELAYED");
    assert.deepEqual(await idsOf(id), mine.map((handle) => handle.id).sort());
    for (const handle of [executing, waiting]) {
      const names = (await engine.marks((mark) => mark.runId === handle.id)).map(({ name }) => name);
      assert.ok(names.includes("onCancel"), "its code was told");
    }
    await queues.resume({ type: "custom", name: "cancelled" });
    await runs.cancel(other.id);
  });

  await t.test("cancel goes down to what a run has made", async () => {
    const gate = engine.gate("never");
    const parent = await tasks.trigger("family", { gate, children: 2 }, { tags: ["parent"] });
    const { note } = await engine.untilMark(parent, "children");
    await untilStatus(parent, "WAITING");
    const action = await runs.bulk.poll(await runs.bulk.cancel({ filter: { tag: "parent" } }), soon);
    assert.deepEqual(action.counts, { total: 1, success: 1, failure: 0 });
    for (const id of (note as { ids: string[] }).ids) assert.equal((await ended({ id })).status, "CANCELED");
  });

  await t.test("replay of what has failed", async () => {
    const handles = [];
    for (let times = 0; times < 3; times++) {
      const options = { maxAttempts: 1, tags: ["broken", `number-${times}`] };
      handles.push(await tasks.trigger<typeof failing>("failing", { times: 1 }, options));
    }
    const good = await tasks.trigger<typeof echo>("echo", 1, { tags: ["broken"] });
    for (const handle of [...handles, good]) await ended(handle);
    const filter = { tag: "broken", status: "FAILED", taskIdentifier: "failing", period: "1h" } as const;
    const { id } = await runs.bulk.replay({ filter, name: "again" });
    const action = await runs.bulk.poll(id, soon);
    assert.deepEqual([action.type, action.status], ["REPLAY", "COMPLETED"]);
    assert.deepEqual(action.counts, { total: 3, success: 3, failure: 0 });
    const made = await idsOf(id);
    assert.equal(made.length, 3);
    const tags = [];
    for (const runId of made) tags.push((await ended({ id: runId })).tags.join());
    assert.deepEqual(tags.sort(), ["broken,number-0", "broken,number-1", "broken,number-2"]);
    const repeated = await runs.bulk.poll(await runs.bulk.replay({ runIds: [good.id] }), soon);
    assert.deepEqual(repeated.counts, { total: 1, success: 1, failure: 0 }, "what has succeeded can be replayed too");
    const [again = ""] = await idsOf(repeated.id);
    assert.equal((await ended({ id: again })).output, 1);
  });

  await t.test("runs by their ids, some of which there are not", async () => {
    const done = await ended(await tasks.trigger<typeof echo>("echo", 1));
    const delayed = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    const runIds = [delayed.id, toPublicId("run", newUuid()), done.id];
    const action = await runs.bulk.poll(await runs.bulk.cancel({ runIds }), soon);
    assert.deepEqual(action.counts, { total: 3, success: 1, failure: 2 });
    assert.deepEqual(await idsOf(action.id), [delayed.id]);
    const rows = await engine.database.query({
      name: "e2e_bulk_errors",
      text: "select error from bulk_action_run where error is not null order by error",
      values: [],
    });
    assert.deepEqual(
      rows.map(({ error }) => error),
      ["The run had finished before it could be cancelled.", "There is no such run in this environment."],
    );
  });

  await t.test("a filter that nothing matches, and calls that say no runs", async () => {
    const action = await runs.bulk.poll(await runs.bulk.cancel({ filter: { tag: "nobody" } }), soon);
    assert.deepEqual([action.status, action.counts], ["COMPLETED", { total: 0, success: 0, failure: 0 }]);
    await assert.rejects(runs.bulk.cancel({ filter: {} }), BadRequestError);
    await assert.rejects(runs.bulk.retrieve(toPublicId("bulk", newUuid())), NotFoundError);
  });

  await t.test("abort: no further page begins", async () => {
    await queues.pause({ type: "task", name: "echo" });
    for (let times = 0; times < 10; times++) {
      await tasks.batchTrigger<typeof echo>(
        "echo",
        Array.from({ length: 1_000 }, (_, index) => ({ payload: index, options: { tags: ["many"] } })),
      );
    }
    const aborted = await runs.bulk.cancel({ filter: { tag: "many" } });
    assert.deepEqual(await runs.bulk.abort(aborted), { id: aborted.id });
    const { status, counts } = await runs.bulk.poll(aborted, soon);
    assert.equal(status, "ABORTED");
    assert.ok(counts.success < 10_000, "it had not come to its end");
    const rest = await runs.bulk.poll(await runs.bulk.cancel({ filter: { tag: "many", status: "QUEUED" } }), soon);
    assert.deepEqual(rest.counts.failure, 0);
    const [first] = (await runs.bulk.list({ limit: 1 })).data;
    assert.equal(first?.id, rest.id, "newest first");
    await queues.resume({ type: "task", name: "echo" });
    const left = await runs.list({ tag: "many", status: ["QUEUED", "EXECUTING", "COMPLETED"] });
    assert.deepEqual(left.data, []);
  });

  await t.test("all runs of an environment, on purpose", async () => {
    const executing = await tasks.trigger<typeof gated>("gated", { gate: engine.gate("shut") });
    const delayed = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    await engine.untilMark(executing, "start");
    const action = await runs.bulk.poll(await runs.bulk.cancel({ all: true }), soon);
    assert.deepEqual(action.counts, { total: 2, success: 2, failure: 0 });
    for (const one of [executing, delayed]) assert.equal((await ended(one, 60_000)).status, "CANCELED");
  });
});
