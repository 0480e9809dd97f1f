import assert from "node:assert/strict";
import { test } from "node:test";
import type { TreeSpan } from "@pawl/contract/api/run-trace";
import { runs, tasks } from "@pawl/sdk";
import type {
  endless,
  looksAtQueue,
  measured,
  remembers,
  tellsContext,
  traced,
  triggersElsewhere,
} from "../projects/engine/trigger/in-run.ts";
import { openEngine, outputOf } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

test("what code of a run knows of it, and tells", async (t) => {
  const engine = await openEngine(t);

  await t.test("ctx says what the run is, where and for whom", async () => {
    const options = {
      tags: ["a", "b"],
      idempotencyKey: "once",
      priority: 5,
      maxDuration: 60,
      maxAttempts: 2,
    };
    const handle = await tasks.trigger<typeof tellsContext>("tells-context", undefined, options);
    const ctx = await outputOf(handle);
    const run = await runs.retrieve(handle);
    const { createdAt, startedAt, ...rest } = ctx.run;
    assert.ok(new Date(createdAt).getTime() <= new Date(startedAt).getTime());
    assert.deepEqual(rest, {
      id: handle.id,
      tags: ["a", "b"],
      isTest: false,
      isReplay: false,
      idempotencyKey: "once",
      idempotencyKeyScope: "global",
      maxAttempts: 2,
      version: run.version,
      maxDuration: 60,
      priority: 5,
      baseCostInCents: 0,
    });
    assert.equal(ctx.attempt.number, 1);
    assert.equal(ctx.task.id, "tells-context");
    assert.match(ctx.task.filePath, /trigger\/in-run\.ts$/);
    assert.equal(ctx.queue.name, "tellers");
    assert.match(ctx.environment.id, /^env_/);
    assert.deepEqual([ctx.environment.slug, ctx.environment.type], ["dev", "DEVELOPMENT"]);
    assert.match(ctx.project.id, /^proj_/);
    assert.match(ctx.project.ref, /^proj_/);
    assert.equal(ctx.project.name, "default");
    assert.deepEqual(ctx.machine, { name: "medium-1x", cpu: 1, memory: 2, centsPerMs: 0 });
    assert.equal(ctx.deployment, undefined, "there is none in development");
  });

  await t.test("a replay knows that it is one, and a child its parent and its batch", async () => {
    const first = await tasks.trigger<typeof tellsContext>("tells-context", undefined);
    await outputOf(first);
    const { id } = await runs.replay(first);
    const replay = await until("the replay", async () => {
      const run = await runs.retrieve<typeof tellsContext>(id);
      return run.isSuccess ? run.output : null;
    });
    assert.equal(replay?.run.isReplay, true);
    const { batchId } = await tasks.batchTrigger<typeof tellsContext>("tells-context", [{}]);
    const inBatch = await until("the run of the batch", async () => {
      for await (const listed of runs.list({ batch: batchId })) {
        const run = await runs.retrieve<typeof tellsContext>(listed.id);
        return run.isSuccess ? run.output : null;
      }
      return null;
    });
    assert.deepEqual(inBatch?.batch, { id: batchId });
  });

  await t.test("spans are in the trace, each in the one that it belongs to", async () => {
    const handle = await tasks.trigger<typeof traced>("traced", undefined);
    await outputOf(handle);
    const root = await until("the trace", async () => {
      const { body } = await engine.api.call("GET", `/api/v1/runs/${handle.id}/trace`);
      const { rootSpan } = body.trace as { rootSpan: TreeSpan }; // the contract of this route
      return find(rootSpan, "debugging") === null ? null : rootSpan;
    });
    const span = find(root, "import") ?? assert.fail("no span");
    assert.deepEqual(span.data.properties, { shop: "s1", rows: 3 });
    assert.ok(span.data.duration >= 1_200_000_000 && span.data.duration < 20_000_000_000, `${span.data.duration} ns`);
    const inside = span.children.map(({ data }) => data.message);
    assert.equal(inside[0], "reading");
    assert.match(inside[1] ?? "", /^Wait for run run_/);
    assert.match(inside[2] ?? "", /^Wait until \d{4}-/);
    assert.equal(span.children[2]?.data.isError, false);
    const failed = find(root, "fails") ?? assert.fail("no span");
    assert.equal(failed.data.isError, true);
    assert.equal(failed.data.properties?.["exception.message"], "RangeError: too far");
  });

  await t.test("usage leaves waits out, and a run knows its signal", async () => {
    const told = await outputOf(await tasks.trigger<typeof measured>("measured", undefined));
    assert.deepEqual([told.result, told.hasYielded, told.isSameSignal], ["done", true, true]);
    assert.ok(told.measuredMs >= 45 && told.measuredMs < 1_500, `${told.measuredMs} ms`);
    assert.ok((told.attemptMs ?? 0) >= told.measuredMs && (told.attemptMs ?? 0) < 1_900, `${told.attemptMs} ms`);
  });

  await t.test("a client of its own triggers no children, unless it inherits the context", async () => {
    const handle = await tasks.trigger<typeof triggersElsewhere>("triggers-elsewhere", undefined);
    const { apart, inherited } = await outputOf(handle);
    assert.equal((await runs.retrieve(apart)).relatedRuns.parent, undefined);
    assert.equal((await runs.retrieve(inherited)).relatedRuns.parent?.id, handle.id);
  });

  await t.test("a run finds its queue by what ctx says", async () => {
    assert.equal(await outputOf(await tasks.trigger<typeof looksAtQueue>("looks-at-queue", undefined)), 1);
  });

  await t.test("the next attempt sees what the one before has left in the metadata", async () => {
    assert.equal(await outputOf(await tasks.trigger<typeof remembers>("remembers", undefined)), "by attempt 1");
  });

  await t.test("timeout.None is no limit", async () => {
    assert.equal(await outputOf(await tasks.trigger<typeof endless>("endless", undefined)), "done");
  });

  await t.test("a token that lives as long as asked reads the run", async () => {
    const handle = await tasks.trigger("echo", "x", {}, { publicAccessToken: { expirationTime: "2h" } });
    const [, claims = ""] = (handle.publicAccessToken ?? "").split(".");
    const { exp, scopes } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { exp: number; scopes: unknown };
    assert.deepEqual(scopes, [`read:runs:${handle.id}`]);
    assert.ok(Math.abs(exp - Date.now() / 1_000 - 7_200) < 60);
    const { status } = await engine.api.call("GET", `/api/v3/runs/${handle.id}`, undefined, handle.publicAccessToken);
    assert.equal(status, 200);
  });
});

function find(span: TreeSpan, message: string): TreeSpan | null {
  if (span.data.message === message) return span;
  for (const child of span.children) {
    const found = find(child, message);
    if (found !== null) return found;
  }
  return null;
}
