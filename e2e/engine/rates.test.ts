import assert from "node:assert/strict";
import { test } from "node:test";
import { queues, runs, tasks } from "@pawl/sdk";
import type { rated, slow } from "../projects/engine/trigger/flow.ts";
import { type EngineStage, openEngine, outputOf } from "../stage/engine.ts";
import { startSecondServer } from "../stage/second-server.ts";
import { until } from "../stage/until.ts";

/** When runs of a task started, by the clock of the store, in milliseconds. */
async function startsOf(engine: EngineStage, taskId: string): Promise<readonly number[]> {
  const rows = await engine.database.query({
    name: "e2e_starts",
    text: `
      select extract(epoch from started_at)::float8 * 1000 as at from run
      where task_id = $1 and started_at is not null order by 1`,
    values: [taskId],
  });
  return rows.map((row) => Number(row.at));
}

/** In any window start at most a burst and what its length brings. */
function assertRate(startsMs: readonly number[], intervalMs: number, burst: number): void {
  startsMs.forEach((from, index) => {
    startsMs.slice(index).forEach((to, more) => {
      const most = burst + (to - from) / intervalMs;
      assert.ok(more + 1 <= most + 0.01, `${more + 1} starts in ${to - from} ms`);
    });
  });
}

test("rates", async (t) => {
  const engine = await openEngine(t);
  const other = await startSecondServer(engine);
  await engine.startWorker({ server: other });

  await t.test("two servers hold a rate together, first attempts and next ones alike", async () => {
    const items = Array.from({ length: 50 }, (_, n) => ({ payload: { fails: n % 5 === 0 } }));
    await tasks.batchTrigger<typeof rated>("rated", items);
    await until(
      "all have ended",
      async () => (await engine.marks((m) => m.taskId === "rated" && m.name === "end")).length >= 60,
      { timeoutMs: 30_000 },
    );
    await until("the queue is empty", async () => {
      const { queued, running } = await queues.retrieve({ type: "custom", name: "rated" });
      return queued + running === 0;
    });
    const starts = await startsOf(engine, "rated");
    assert.equal(starts.length, 50);
    assertRate(starts, 50, 2);
    // The store keeps no start of an attempt that went well after another: these are judged by when their code began.
    const marks = await engine.marks((m) => m.taskId === "rated" && m.name === "start");
    assert.equal(marks.length, 60);
    const tookMs = (marks.at(-1)?.atMs ?? 0) - (starts[0] ?? 0);
    assert.ok(tookMs >= 58 * 50 - 10 && tookMs < 6_000, `60 attempts took ${tookMs} ms`);
  });

  await t.test("a run says until when its rate keeps it, and another rate holds from now on", async () => {
    const mail = { type: "custom", name: "slow" } as const;
    await outputOf(await tasks.trigger<typeof slow>("slow", null, { concurrencyKey: "ada" }));
    const kept = await tasks.trigger<typeof slow>("slow", null, { concurrencyKey: "ada" });
    const behind = await tasks.trigger<typeof slow>("slow", null, { concurrencyKey: "ada" });
    await outputOf(await tasks.trigger<typeof slow>("slow", null, { concurrencyKey: "grace" }));
    assert.match(
      (await runs.retrieve(behind.id)).reason ?? "",
      /^The key ada of the queue slow may start 1 run per minute; the next may start in [45]\d\.\d s\. 1 run of its queue/,
    );
    const changed = await queues.overrideRateLimit(mail, { limit: 10, period: "1s" });
    assert.deepEqual(changed.rateLimit, { limit: 10, period: 1_000, burst: 1 });
    assert.deepEqual(changed.rates?.base.rateLimit, { limit: 1, period: 60_000, burst: 1 });
    await outputOf(kept, 5_000);
    await outputOf(behind, 5_000);
    assert.equal((await queues.resetRateLimit(mail)).rateLimit?.period, 60_000);
    await outputOf(await tasks.trigger<typeof slow>("slow", null, { concurrencyKey: "ada" })); // takes the token
    const last = await tasks.trigger<typeof slow>("slow", null, { concurrencyKey: "ada" });
    assert.match((await runs.retrieve(last.id)).reason ?? "", /may start 1 run per minute/);
  });

  await t.test("a rate of nothing is refused", async () => {
    await assert.rejects(
      queues.overrideRateLimit({ type: "custom", name: "slow" }, { limit: 0, period: "1s" }),
      /has a limit of 0; .* pause the queue/,
    );
  });
});
