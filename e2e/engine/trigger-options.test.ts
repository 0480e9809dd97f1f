import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError, queues, runs, type TriggerOptions, tasks } from "@pawl/sdk";
import type { overtime } from "../projects/engine/trigger/control.ts";
import type { echo, failing, gated, inspect, shortLived } from "../projects/engine/trigger/plain.ts";
import { apiOf } from "../stage/api.ts";
import { ended, openEngine, outputOf } from "../stage/engine.ts";

test("trigger options", async (t) => {
  const engine = await openEngine(t);

  await t.test("delay: a duration, a date, and a date in the past", async () => {
    const triggeredAtMs = Date.now();
    const bySpan = await tasks.trigger<typeof echo>("echo", 1, { delay: "1s" });
    const byDate = await tasks.trigger<typeof echo>("echo", 2, { delay: new Date(triggeredAtMs + 1_200) });
    const past = await tasks.trigger<typeof echo>("echo", 3, { delay: new Date(0) });
    const delayed = await runs.retrieve(bySpan);
    assert.equal(delayed.status, "DELAYED");
    const dueInMs = (delayed.delayedUntil?.getTime() ?? 0) - triggeredAtMs;
    assert.ok(dueInMs >= 900 && dueInMs < 2_500, `due in ${dueInMs} ms`);
    assert.equal(await outputOf(past), 3);
    for (const [handle, leastMs] of [[bySpan, 1_000] as const, [byDate, 1_200] as const]) {
      await outputOf(handle);
      const { atMs } = await engine.untilMark(handle, "start");
      assert.ok(atMs - triggeredAtMs >= leastMs - 20, `it began after ${atMs - triggeredAtMs} ms`);
      assert.ok(atMs - triggeredAtMs < leastMs + 2_000, `it began after ${atMs - triggeredAtMs} ms`);
    }
  });

  await t.test("ttl: of the trigger over that of the task; a run that was not started in time is EXPIRED", async () => {
    await queues.pause({ type: "task", name: "short-lived" });
    const byTask = await tasks.trigger<typeof shortLived>("short-lived", null);
    const byTrigger = await tasks.trigger<typeof shortLived>("short-lived", null, { ttl: 1 });
    const longer = await tasks.trigger<typeof shortLived>("short-lived", null, { ttl: "1h" });
    const never = await tasks.trigger<typeof shortLived>("short-lived", null, { ttl: 0 });
    const delayed = await tasks.trigger<typeof shortLived>("short-lived", null, { delay: "1s", ttl: "1s" });
    for (const handle of [byTask, byTrigger]) {
      const run = await ended(handle);
      assert.equal(run.status, "EXPIRED");
      assert.equal(run.attemptCount, 0);
    }
    const created = (await runs.retrieve(delayed)).createdAt.getTime();
    const expired = await ended(delayed);
    assert.equal(expired.status, "EXPIRED");
    assert.ok((expired.finishedAt?.getTime() ?? 0) - created >= 1_950, "the time counts from the end of the delay");
    await queues.resume({ type: "task", name: "short-lived" });
    assert.equal(await outputOf(longer), "in time");
    assert.equal(await outputOf(never), "in time");
  });

  await t.test("queue: by its name, made when there is none", async () => {
    const output = await outputOf(
      await tasks.trigger<typeof inspect>("inspect", null, { queue: "made-on-demand", concurrencyKey: "k" }),
    );
    assert.equal(output.queue, "made-on-demand");
    assert.equal((await queues.retrieve({ type: "custom", name: "made-on-demand" })).concurrencyLimit, null);
    assert.equal((await outputOf(await tasks.trigger<typeof inspect>("inspect", null))).queue, "task/inspect");
  });

  await t.test("priority: so many seconds of a head start", async () => {
    const options = { queue: "by-priority" };
    const first = await tasks.trigger<typeof echo>("echo", "first", options);
    await outputOf(first);
    await queues.overrideConcurrencyLimit({ type: "custom", name: "by-priority" }, 1);
    await queues.pause({ type: "custom", name: "by-priority" });
    const late = await tasks.trigger<typeof echo>("echo", "none", options);
    const small = await tasks.trigger<typeof echo>("echo", "small", { ...options, priority: 10 });
    const large = await tasks.trigger<typeof echo>("echo", "large", { ...options, priority: 100 });
    await queues.resume({ type: "custom", name: "by-priority" });
    await Promise.all([outputOf(late), outputOf(small), outputOf(large)]);
    const wanted = [large.id, small.id, late.id];
    const starts = await engine.marks(({ name, runId }) => name === "start" && wanted.includes(runId));
    assert.deepEqual(
      starts.map(({ runId }) => runId),
      wanted,
    );
  });

  await t.test("maxAttempts and maxDuration over those of the task", async () => {
    const failed = await ended(await tasks.trigger<typeof failing>("failing", {}, { maxAttempts: 2 }));
    assert.equal(failed.status, "FAILED");
    assert.equal(failed.attemptCount, 2);
    const late = await ended(
      await tasks.trigger<typeof gated>("gated", { gate: engine.gate("never") }, { maxDuration: 1, maxAttempts: 1 }),
    );
    assert.equal(late.status, "TIMED_OUT");
    const longer = await tasks.trigger<typeof overtime>("overtime", { short: true }, { maxDuration: 60 });
    assert.equal((await outputOf(longer)) as unknown, "in time");
  });

  await t.test("tags, metadata, machine and the rest are kept and shown", async () => {
    const handle = await tasks.trigger<typeof inspect>("inspect", null, {
      tags: ["a", "b".repeat(128)],
      metadata: { step: { of: 3 } },
      machine: "small-2x",
      region: "ignored-in-dev",
      priority: 5,
      maxDuration: 30,
      maxAttempts: 7,
    });
    const { run } = await outputOf(handle);
    assert.deepEqual(run.tags, ["a", "b".repeat(128)]);
    assert.equal(run.priority, 5);
    assert.equal(run.maxDuration, 30);
    assert.equal(run.maxAttempts, 7);
    const shown = await runs.retrieve(handle);
    assert.deepEqual(shown.tags, ["a", "b".repeat(128)]);
    assert.deepEqual((shown as { metadata?: unknown }).metadata, { step: { of: 3 } });
    const single = await runs.retrieve(await tasks.trigger<typeof inspect>("inspect", null, { tags: "alone" }));
    assert.deepEqual(single.tags, ["alone"]);
  });

  await t.test("version: the one that is named, or a refusal", async () => {
    const { version } = await ended(await tasks.trigger<typeof echo>("echo", 1));
    const pinned = await ended(await tasks.trigger<typeof echo>("echo", 1, { version: String(version) }));
    assert.equal(pinned.version, version);
    const refused = tasks.trigger<typeof echo>("echo", 1, { version: "20000101.1" });
    await assert.rejects(
      refused,
      (error) => error instanceof ApiError && error.status === 422 && /20000101\.1/.test(error.message),
    );
  });

  await t.test("each violation is a 4xx that names the field, alone and in a batch", async () => {
    const violations: readonly (readonly [string, Record<string, unknown>])[] = [
      ["delay", { delay: "soon" }],
      ["ttl", { ttl: "shortly" }],
      ["ttl", { ttl: -1 }],
      ["idempotencyKey", { idempotencyKey: "k".repeat(2_049) }],
      ["idempotencyKeyTTL", { idempotencyKey: "k", idempotencyKeyTTL: "a while" }],
      ["queue", { queue: "" }],
      ["queue", { queue: "q".repeat(129) }],
      ["concurrencyKey", { concurrencyKey: "k".repeat(257) }],
      ["priority", { priority: -1 }],
      ["priority", { priority: 2_592_001 }],
      ["maxAttempts", { maxAttempts: 0 }],
      ["maxAttempts", { maxAttempts: 251 }],
      ["maxDuration", { maxDuration: 0 }],
      ["tags", { tags: Array.from({ length: 11 }, (_, number) => `tag ${number}`) }],
      ["tags", { tags: ["t".repeat(129)] }],
      ["metadata", { metadata: { long: "m".repeat(256 * 1_024) } }],
      ["metadata", { metadata: ["no", "object"] }],
      ["machine", { machine: "enormous" }],
      ["region", { region: "r".repeat(129) }],
    ];
    for (const [field, options] of violations) {
      const call = tasks.trigger("echo", 1, options as TriggerOptions); // what a type checker would refuse
      await assert.rejects(call, (error) => refuses(error, field), `${field}: ${JSON.stringify(options).slice(0, 80)}`);
    }
  });

  await t.test("a region that no host outside of development has is a 422 that lists the known", async () => {
    const [, prod] = engine.server.command.lines.flatMap(
      ({ environments }) => (environments ?? []) as readonly { slug: string; secretKey: string }[],
    );
    assert.equal(prod?.slug, "prod");
    const api = apiOf(engine.server.apiUrl, prod.secretKey);
    const body = JSON.stringify({ options: { region: "atlantis" } });
    const { status, body: answer } = await api.call("POST", "/api/v1/tasks/echo/trigger", body);
    assert.equal(status, 422, JSON.stringify(answer));
    assert.match(String(answer.error), /region.*atlantis|atlantis.*region/i);
  });
});

function refuses(error: unknown, field: string): boolean {
  assert.ok(error instanceof Error, String(error));
  const status = error instanceof ApiError ? error.status : null;
  // The SDK itself may refuse what the server would.
  assert.ok(status === null || (status !== undefined && status >= 400 && status < 500), `${status}: ${error.message}`);
  assert.match(error.message, new RegExp(field));
  return true;
}
