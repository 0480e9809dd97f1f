import type { Measure } from "./measure.ts";
import { median } from "./statistics.ts";

/** One `tasks.batchTrigger` of 1,000 items, from the call to its answer, while no worker is connected; the median of ten. */
export const triggerBatch: Measure = {
  gives: ["trigger_batch_1000_ms"],
  async sample({ withoutWorker, worker, load, rows }) {
    await withoutWorker();
    await rows.settle();
    const batch = { taskId: "bench.noop", payload: { n: 1 }, runsEach: 1_000 };
    await load.call("trigger_batches", { ...batch, batches: 1 });
    const { elapsedMs } = await load.call("trigger_batches", { ...batch, batches: 10 });
    await worker();
    await rows.awaitAllFinished();
    return { trigger_batch_1000_ms: median(elapsedMs) };
  },
};
