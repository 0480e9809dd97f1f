import assert from "node:assert/strict";
import { test } from "node:test";
import { AuthenticationError, auth, NotFoundError, PermissionDeniedError, runs, tasks, wait } from "@pawl/sdk";
import type { echo, failing, gated } from "../projects/engine/trigger/plain.ts";
import { ended, openEngine, untilStatus } from "../stage/engine.ts";
import { killServer } from "../stage/platform.ts";

const unknownRun = "run_000000000000000000000";

test("runs are followed live", async (t) => {
  const engine = await openEngine(t);
  const { api } = engine;

  await t.test("a run from before it starts until it has ended", async () => {
    const gate = engine.gate("followed");
    const handle = await tasks.trigger<typeof gated>("gated", { gate }, { delay: "1h", metadata: { step: 0 } });
    const seen: string[] = [];
    for await (const run of runs.subscribeToRun(handle)) {
      assert.deepEqual([run.id, run.taskIdentifier, run.payload?.gate], [handle.id, "gated", gate]);
      if (seen.length === 0) {
        assert.deepEqual([run.status, run.metadata, run.tags], ["DELAYED", { step: 0 }, []]);
        await api.call("POST", `/api/v1/runs/${handle.id}/tags`, JSON.stringify({ tags: ["live"] }));
        await runs.reschedule(handle, { delay: "1s" });
      }
      if (seen.at(-1) !== run.status) seen.push(run.status);
      if (run.status === "EXECUTING") await engine.open("followed");
      if (!run.isCompleted) continue;
      assert.deepEqual([run.output, run.tags, run.isSuccess], ["open", ["live"], true]);
      assert.ok(run.finishedAt instanceof Date && run.startedAt instanceof Date);
    }
    assert.equal(seen[0], "DELAYED");
    assert.deepEqual(seen.slice(-2), ["EXECUTING", "COMPLETED"]);
  });

  await t.test("a run that executes, and one that has ended", async () => {
    const gate = engine.gate("late");
    const handle = await tasks.trigger<typeof gated>("gated", { gate });
    await untilStatus(handle, "EXECUTING");
    const seen: string[] = [];
    for await (const { status } of runs.subscribeToRun<typeof gated>(handle.id)) {
      seen.push(status);
      if (status === "EXECUTING") await engine.open("late");
    }
    assert.deepEqual([seen[0], seen.at(-1)], ["EXECUTING", "COMPLETED"]);
    const failed = await ended(await tasks.trigger<typeof failing>("failing", {}, { maxAttempts: 1 }));
    for await (const run of runs.subscribeToRun<typeof failing>(failed.id)) {
      assert.deepEqual([run.status, run.error?.name, run.error?.message], ["FAILED", "RangeError", "attempt 1 fails"]);
    }
  });

  await t.test("values come as they were given, and what is not wanted does not", async () => {
    const at = new Date(0);
    const handle = await tasks.trigger<typeof echo>("echo", { at, names: new Set(["a"]) });
    for await (const run of runs.subscribeToRun(handle)) {
      if (run.isCompleted) assert.deepEqual(run.output, { at, names: new Set(["a"]) });
    }
    for await (const run of runs.subscribeToRun(handle, { skipColumns: ["payload", "output", "runTags"] })) {
      assert.deepEqual(["payload" in run, "output" in run, run.tags], [false, false, []]);
    }
  });

  await t.test("a run is followed beyond its end, for those who ask for it", async () => {
    const { id } = await ended(await tasks.trigger<typeof echo>("echo", 1));
    for await (const run of runs.subscribeToRun(id, { stopOnCompletion: false })) {
      if (run.tags.includes("reviewed")) break;
      await api.call("POST", `/api/v1/runs/${id}/tags`, JSON.stringify({ tags: ["reviewed"] }));
    }
  });

  await t.test("runs with all of some tags, those that come later too", async () => {
    const [done, open] = [new Set<string>(), new Set<string>()];
    const make = async (tags: string[]) => open.add((await tasks.trigger<typeof echo>("echo", 1, { tags })).id);
    await make(["x", "y"]);
    await tasks.trigger<typeof echo>("echo", 1, { tags: ["x"] });
    for await (const run of runs.subscribeToRunsWithTag<typeof echo>(["x", "y"], { createdAt: "1h" })) {
      assert.ok(open.has(run.id), run.tags.join());
      if (run.isCompleted) done.add(run.id);
      if (done.size === open.size && open.size < 3) await make(["y", "x", `z${open.size}`]);
      if (done.size === 3) break;
    }
  });

  await t.test("the runs of a batch", async () => {
    const batch = await tasks.batchTrigger<typeof echo>("echo", [{ payload: 1 }, { payload: 2 }, { payload: 3 }]);
    const outputs = new Map<string, unknown>();
    for await (const run of runs.subscribeToBatch<typeof echo>(batch)) {
      if (run.isCompleted) outputs.set(run.id, run.output);
      if (outputs.size === batch.runCount) break;
    }
    assert.deepEqual([...outputs.values()].sort(), [1, 2, 3]);
  });

  await t.test("with a public token, as far as it allows", async () => {
    const handle = await tasks.trigger<typeof echo>("echo", "long", { tags: ["mine"] });
    const token = await auth.createPublicToken({
      scopes: { read: { tags: "mine" } },
      expirationTime: "1hr",
      realtime: { skipColumns: ["payload"] },
    });
    const statusOf = async (id: string) => {
      for await (const { status, payload } of runs.subscribeToRun(id)) {
        assert.equal(payload, undefined);
        if (status === "COMPLETED") return status;
      }
      return null;
    };
    const other = await tasks.trigger<typeof echo>("echo", "other");
    await auth.withAuth({ accessToken: token }, async () => {
      assert.equal(await statusOf(handle.id), "COMPLETED");
      await assert.rejects(statusOf(other.id), PermissionDeniedError);
      await assert.rejects(tasks.trigger("echo", 1), PermissionDeniedError);
    });
    await assert.rejects(
      auth.withAuth({ accessToken: `${token}x` }, () => statusOf(handle.id)),
      AuthenticationError,
    );
    await assert.rejects(statusOf(unknownRun), NotFoundError);
  });

  await t.test("a token for one trigger starts one run, and one for batches a batch", async () => {
    const once = await auth.createTriggerPublicToken("echo");
    await auth.withAuth({ accessToken: once }, async () => {
      const handle = await tasks.trigger<typeof echo>("echo", 1);
      await assert.rejects(tasks.trigger("echo", 1, {}, { retry: { maxAttempts: 1 } }));
      await auth.withAuth({ accessToken: handle.publicAccessToken ?? "" }, async () => {
        for await (const run of runs.subscribeToRun(handle)) if (run.isCompleted) assert.equal(run.output, 1);
      });
    });
    await auth.withTriggerPublicToken("echo", { multipleUse: true }, async () => {
      await tasks.trigger("echo", 1);
      await tasks.trigger("echo", 2);
      await assert.rejects(tasks.trigger("gated", { gate: "" }), PermissionDeniedError);
    });
    const batch = await auth.withBatchTriggerPublicToken("echo", {}, () =>
      tasks.batchTrigger("echo", [{ payload: 1 }, { payload: 2 }]),
    );
    assert.equal(batch.runCount, 2);
  });

  await t.test("a token that waits for a person is completed by whoever may", async () => {
    const token = await wait.createToken({ timeout: "1h" });
    await auth.withPublicToken({ scopes: { write: { waitpoints: token.id } } }, () =>
      wait.completeToken(token, { approved: true }),
    );
    assert.equal((await wait.retrieveToken(token)).status, "COMPLETED");
  });

  await t.test("how soon a change arrives", async (t) => {
    const handle = await tasks.trigger<typeof echo>("echo", 1, { delay: "1h" });
    const latenciesMs: number[] = [];
    let changedMs = 0;
    const change = async () => {
      changedMs = performance.now();
      await api.call(
        "PUT",
        `/api/v1/runs/${handle.id}/metadata`,
        JSON.stringify({ metadata: { step: latenciesMs.length } }),
      );
    };
    let changing = Promise.resolve();
    for await (const { metadata } of runs.subscribeToRun(handle)) {
      if (metadata !== undefined) {
        assert.equal(metadata.step, latenciesMs.length);
        latenciesMs.push(performance.now() - changedMs);
      }
      if (latenciesMs.length === 30) break;
      await changing;
      changing = change();
    }
    await changing;
    await runs.cancel(handle.id);
    const sorted = latenciesMs.toSorted((a, b) => a - b);
    t.diagnostic(`from call to loop: p50 ${sorted[15]?.toFixed(1)} ms, p90 ${sorted[27]?.toFixed(1)} ms`);
  });

  await t.test("nothing is missed while the server restarts", async () => {
    const gate = engine.gate("restart");
    const tags = ["restart"];
    const handle = await tasks.trigger<typeof gated>("gated", { gate }, { tags });
    const delayed = await tasks.trigger<typeof echo>("echo", 1, { tags, delay: "1h" });
    const seen: string[] = [];
    const one = (async () => {
      for await (const { status } of runs.subscribeToRun(handle)) seen.push(status);
    })();
    const steps: unknown[] = [];
    for await (const run of runs.subscribeToRunsWithTag("restart")) {
      if (run.id !== delayed.id || steps.includes(run.metadata?.step)) continue;
      steps.push(run.metadata?.step);
      if (steps.length === 1) {
        await untilStatus(handle, "EXECUTING");
        const restart = await killServer(engine.stage, engine.server);
        await engine.open("restart");
        await restart();
        await api.call("PUT", `/api/v1/runs/${delayed.id}/metadata`, JSON.stringify({ metadata: { step: 1 } }));
      } else break;
    }
    await one;
    assert.deepEqual(steps, [undefined, 1]);
    assert.equal(seen.at(-1), "COMPLETED");
    await runs.cancel(delayed.id);
  });
});
