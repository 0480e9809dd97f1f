import assert from "node:assert/strict";
import { test } from "node:test";
import { plainTask, type RunStage } from "../../store/runs/fixtures/run-stage.ts";
import { assertKeeps, claimed, explained, type Obstacle } from "./fixtures/obstacle.ts";

/** Gives the plain queue a rate of two runs in a period, uses it up and triggers two more: the last one is kept. */
async function overRate(stage: RunStage, rate: "rate" | "combined_rate", periodMs: number): Promise<string> {
  const concurrencyKey = "a";
  await stage.sql(`update queue set ${rate}_limit = 2, ${rate}_period_ms = $2, ${rate}_burst = 2 where name = $1`, [
    `task/${plainTask}`,
    periodMs,
  ]);
  await stage.trigger(3, { concurrencyKey });
  await claimed(stage, 5);
  const [runId] = await stage.trigger(1, { concurrencyKey });
  return runId ?? assert.fail("no run");
}

async function passThePeriod(stage: RunStage): Promise<void> {
  await stage.sql("update rate_bucket set full_at = full_at - interval '90 seconds'");
  await stage.sql("update lane set opens_at = opens_at - interval '90 seconds'");
  await stage.sql("update dispatch set opens_from = '-infinity'");
  await claimed(stage); // the run that stands before it
}

const obstacles: Record<string, Obstacle> = {
  "its key starts no more runs at the moment": {
    condition: "queue_rate",
    reason:
      /^The key a of the queue task\/stage\.plain\.run may start 2 runs per minute; the next may start in (29|30)\.\d s\. 1 run of its queue stands before it\.$/,
    arrange: (stage) => overRate(stage, "rate", 60_000),
    remove: passThePeriod,
  },
  "its queue starts no more runs at the moment": {
    condition: "queue_combined_rate",
    reason:
      /^The queue task\/stage\.plain\.run may start, all keys together, 2 runs per 90 seconds; the next may start in (44|45)\.\d s\. 1 run/,
    arrange: (stage) => overRate(stage, "combined_rate", 90_000),
    remove: passThePeriod,
  },
  "another run keeps its place before it": {
    condition: "queue_order",
    reason:
      /^The queue task\/stage\.plain\.run executes one run at a time, in order: run_\S+ keeps its place before this one, and is attempted again at \S+Z\.$/,
    async arrange(stage) {
      await stage.sql("update queue set concurrency_limit = 1 where name = $1", [`task/${plainTask}`]);
      const first = await stage.executing();
      const [runId] = await stage.trigger(1);
      const failure = { error: { type: "STRING_ERROR", raw: "no" }, outcome: "failed", durationMs: 1 } as const;
      await stage.settle({ failed: [{ ...first, ...failure, retryDelayMs: 60_000, isRetriedInPlace: false }] });
      assert.match((await explained(stage, first.runId)).reason ?? "", /It keeps its place: the runs behind it/);
      return runId ?? assert.fail("no run");
    },
    async remove(stage) {
      const [keeper] = await stage.sql("select run_id from live_run where keeps_place");
      await stage.runs.cancel(stage.environment.id, [String(keeper?.run_id)]);
    },
  },
};

for (const [name, obstacle] of Object.entries(obstacles)) {
  test(`what keeps a run is named, and the run starts without it: ${name}`, (t) => assertKeeps(t, obstacle));
}
