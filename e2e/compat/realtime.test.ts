import assert from "node:assert/strict";
import { test } from "node:test";
import { auth, runs, tasks } from "@trigger.dev/sdk";
import { openForClient } from "./client.ts";

test("the published client follows runs live", async (t) => {
  const engine = await openForClient(t);

  await t.test("one run, until it has ended", async () => {
    const gate = engine.gate("followed");
    const handle = await tasks.trigger("gated", { gate }, { tags: ["followed"], metadata: { step: 1 } });
    const seen: string[] = [];
    for await (const run of runs.subscribeToRun(handle.id)) {
      assert.equal(run.id, handle.id);
      assert.deepEqual([run.tags, run.metadata], [["followed"], { step: 1 }]);
      if (seen.at(-1) !== run.status) seen.push(run.status);
      if (run.status === "EXECUTING") await engine.open("followed");
      if (run.isCompleted) assert.equal(run.output, "open");
    }
    assert.equal(seen.at(-1), "COMPLETED");
    assert.ok(seen.includes("EXECUTING"), seen.join());
  });

  await t.test("runs with a tag, and the runs of a batch, as they come", async () => {
    const ended = new Set<string>();
    const tagged = runs.subscribeToRunsWithTag("group");
    const first = await tasks.trigger("echo", 1, { tags: ["group"] });
    let second: string | null = null;
    for await (const run of tagged) {
      if (run.isCompleted) ended.add(run.id);
      if (ended.has(first.id)) second ??= (await tasks.trigger("echo", 2, { tags: ["group"] })).id;
      if (second !== null && ended.has(second)) break;
    }
    assert.equal(ended.size, 2);
    const group = await tasks.batchTrigger("echo", [{ payload: 1 }, { payload: 2 }]);
    const done = new Set<string>();
    for await (const run of runs.subscribeToBatch(group.batchId)) {
      if (run.isCompleted) done.add(run.id);
      if (done.size === 2) break;
    }
  });

  await t.test("with the token of a handle, and without the columns that nobody asked for", async () => {
    const handle = await tasks.trigger("echo", { large: true });
    await auth.withAuth({ accessToken: handle.publicAccessToken }, async () => {
      for await (const run of runs.subscribeToRun(handle.id, { skipColumns: ["payload"] })) {
        assert.equal(run.payload, undefined);
        if (run.isCompleted) assert.deepEqual(run.output, { large: true });
      }
    });
  });
});
