import assert from "node:assert/strict";
import { test } from "node:test";
import { type EngineStage, engineStage } from "./fixtures/engine-stage.ts";
import type { NewDebounce } from "./ports.ts";

const debounce = (delayMs: number, changes: Partial<NewDebounce> = {}): NewDebounce => ({
  key: "k",
  delayMs,
  mode: "trailing",
  maxDelayMs: null,
  ...changes,
});

/** A host that notes the payloads of the runs that it executes, in their order. */
function notingHost(stage: EngineStage) {
  const executed: { readonly runId: string; readonly payload: number }[] = [];
  const host = stage.playedHost({
    processes: 1,
    async play({ run }) {
      executed.push({ runId: run.runId, payload: Number(run.payload) });
      return undefined;
    },
  });
  host.connect(stage.engine);
  return { host, executed };
}

test("1,000 callers at once make one run, in a handful of transactions", async (t) => {
  const stage = await engineStage(t);
  notingHost(stage);
  const calls = Array.from({ length: 1_000 }, (_, n) =>
    stage.engine.trigger(stage.request({ payload: `${n}`, requestKey: `call ${n}`, debounce: debounce(60_000) })),
  );
  const outcomes = await Promise.all(calls);
  assert.equal(outcomes.filter(({ kind }) => kind === "created").length, 1);
  assert.equal(new Set(outcomes.map((outcome) => outcome.kind !== "refused" && outcome.runId)).size, 1);
  const [{ transactions } = {}] = await stage.sql(
    "select count(distinct xmin::text)::int as transactions from request_key",
  );
  assert.ok(Number(transactions) <= 5, `${transactions} transactions`);
  assert.deepEqual(await stage.sql("select payload from run"), [{ payload: "999" }]);
});

test("calls that keep coming while their run becomes due are each in a run that executes, the last one last", async (t) => {
  const stage = await engineStage(t);
  const { host, executed } = notingHost(stage);
  const runOf: string[] = [];
  const trigger = async () => {
    const payload = `${runOf.length}`;
    const outcome = await stage.engine.trigger(stage.request({ payload, debounce: debounce(20, { maxDelayMs: 40 }) }));
    assert.ok(outcome.kind !== "refused");
    runOf.push(outcome.runId);
  };
  while (new Set(runOf).size < 20) await trigger();
  await host.until(() => executed.length === 20);
  assert.deepEqual(
    executed.map(({ runId }) => runId),
    [...new Set(runOf)],
  );
  const last = new Map(runOf.map((runId, call) => [runId, call]));
  for (const { runId, payload } of executed) assert.equal(payload, last.get(runId), "what the last of its calls said");
  assert.equal(executed.at(-1)?.payload, runOf.length - 1);
});

test("a steady stream puts a run off no longer than its bound", async (t) => {
  const stage = await engineStage(t);
  const { executed } = notingHost(stage);
  let count = 0;
  const startedAt = performance.now();
  while (executed.length === 0) {
    const payload = `${count++}`;
    const bounded = debounce(100, { mode: "leading", maxDelayMs: 300 });
    await stage.engine.trigger(stage.request({ payload, debounce: bounded }));
  }
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs >= 295 && tookMs < 5_000, `${tookMs} ms`);
  assert.equal(executed[0]?.payload, 0, "the first call's");
});
