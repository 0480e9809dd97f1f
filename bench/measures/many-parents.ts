import type { Measure } from "./measure.ts";

const parents = 1_000;
const limit = 10;

/** 1,000 parents that each wait for a child of their own, in an environment that executes ten runs at once, until all have finished. */
export const manyParents: Measure = {
  gives: ["many_parents_1000_s"],
  async sample(system) {
    const { load, rows, client } = system;
    await system.worker();
    const before = await client.query("select slug, concurrency_limit from environment");
    const fromMs = await rows.now();
    await client.query("update environment set concurrency_limit = $1", [limit]);
    const plan = { taskId: "bench.one-of-many", payload: { n: 1 }, batches: 1, runsEach: parents };
    await load.call("trigger_batches", plan);
    await rows.awaitAllFinished();
    for (const { slug, concurrency_limit } of before.rows) {
      await client.query("update environment set concurrency_limit = $1 where slug = $2", [concurrency_limit, slug]);
    }
    const finished = await rows.finishedSince(fromMs);
    if (finished.count !== 2 * parents) throw new Error(`${finished.count} runs finished.`);
    return { many_parents_1000_s: (finished.lastFinishedAtMs - fromMs) / 1_000 };
  },
};
