import assert from "node:assert/strict";
import { test } from "node:test";
import { batch, tasks } from "@pawl/sdk";
import type { oneOfMany } from "../projects/engine/trigger/parallel.ts";
import { openEngine } from "../stage/engine.ts";
import { until } from "../stage/until.ts";

const count = 1_000;
const limit = 10;

test(`${count} parents wait for ${count} children in an environment with limit ${limit}`, async (t) => {
  const engine = await openEngine(t, { worker: null });
  await engine.database.query({
    name: "e2e_environment_limit",
    text: "update environment set concurrency_limit = $1 returning id",
    values: [limit],
  });
  await engine.startWorker();
  const items = Array.from({ length: count }, (_, number) => ({ payload: number }));
  const { batchId } = await tasks.batchTrigger<typeof oneOfMany>("one-of-many", items);
  await until("all have finished", async () => (await batch.retrieve(batchId)).status === "COMPLETED", {
    timeoutMs: 120_000,
  });
  const rows = await engine.database.query({
    name: "e2e_many_parents",
    text: "select task_id, outcome, attempt_count, count(*)::int as count from run group by 1, 2, 3 order by 1",
    values: [],
  });
  assert.deepEqual(rows, [
    { task_id: "echo", outcome: "completed", attempt_count: 1, count },
    { task_id: "one-of-many", outcome: "completed", attempt_count: 1, count },
  ]);
});
