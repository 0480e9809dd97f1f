import type { System } from "../system/system.ts";
import type { Measure } from "./measure.ts";

const taskId = "bench.rated";
const perSecond = 100;
const durationMs = 60_000;
/** More than start in that time, with their burst. */
const runs = 6_200;

/** A queue that may start 100 runs a second, with a backlog and two servers with a worker each: how many start in a minute. */
export const rates: Measure = {
  gives: ["rate_100_per_s", "rate_100_burst"],
  isOnce: true,
  async sample(system) {
    const { worker, rows, load } = system;
    await worker();
    await rows.settle();
    const second = await system.further.startServer(null);
    try {
      const beganAtMs = await rows.now();
      await load.call("trigger_batches", { taskId, payload: { n: 1 }, runsEach: runs / 10, batches: 10 });
      await rows.awaitAllFinished();
      const starts = await startsSince(system, beganAtMs);
      const firstMs = starts[0] ?? 0;
      const count = starts.filter((at) => at < firstMs + durationMs).length;
      return { rate_100_per_s: count / (durationMs / 1_000), rate_100_burst: largestBurst(starts) };
    } finally {
      await second.stop();
    }
  },
};

/** When runs started, by Postgres's clock, in milliseconds. */
async function startsSince({ client }: System, atMs: number): Promise<readonly number[]> {
  const { rows } = await client.query(
    `select extract(epoch from started_at)::float8 * 1000 as at from run
     where task_id = $1 and created_at >= to_timestamp($2::float8 / 1000) order by started_at`,
    [taskId, atMs],
  );
  if (rows.length !== runs) throw new Error(`${rows.length} runs of ${runs} have started.`);
  return rows.map((row) => Number(row.at));
}

/** The most that starts in any window exceed what its length allows. */
function largestBurst(startsMs: readonly number[]): number {
  const intervalMs = 1_000 / perSecond;
  let most = 0;
  let lowest = Number.POSITIVE_INFINITY;
  startsMs.forEach((at, index) => {
    lowest = Math.min(lowest, index - at / intervalMs);
    most = Math.max(most, index + 1 - at / intervalMs - lowest);
  });
  return Math.round(most * 1_000) / 1_000;
}
