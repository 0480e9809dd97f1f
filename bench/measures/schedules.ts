import { setTimeout as delay } from "node:timers/promises";
import { environmentSlug } from "../system/server.ts";
import type { System } from "../system/system.ts";
import type { Measure } from "./measure.ts";
import { percentile } from "./statistics.ts";

const count = 10_000;
const taskId = "bench.scheduled";

/** Longer than a server sleeps that has not been told of the schedules. */
const leadMs = 65_000;
const minuteMs = 60_000;

/** Single triggers beside it: so many milliseconds apart, for so long before the fires, and for so long from them on. */
const intervalMs = 10;
const spanMs = 15_000;

/**
 * 10,000 schedules that fire at the same minute, while no worker is connected: how late their runs are made, and how much longer single
 * triggers take while that goes on.
 */
export const schedules: Measure = {
  gives: [
    "schedules_10000_late_p50_ms",
    "schedules_10000_late_p95_ms",
    "schedules_10000_late_max_ms",
    "schedules_10000_trigger_p99_ratio",
  ],
  isOnce: true,
  async sample(system) {
    const { withoutWorker, worker, rows, load } = system;
    await withoutWorker();
    await rows.settle();
    const at = Math.ceil(((await rows.now()) + leadMs + spanMs) / minuteMs) * minuteMs;
    await makeSchedules(system, at);
    await delay(at - (await rows.now()) - spanMs);
    const trigger = { taskId: "bench.noop", payload: { n: 1 }, intervalMs };
    const before = await load.call("trigger_paced", { ...trigger, durationMs: spanMs - 500 });
    await delay(at - (await rows.now()));
    const during = load.call("trigger_paced", { ...trigger, durationMs: spanMs });
    const beside = await during;
    const late = await awaitFires(system, at);
    await system.client.query("delete from schedule where task_id = $1", [taskId]);
    const lastMs = Math.max(...late);
    const besideMs = beside.calls.filter((call) => call.atMs <= Math.max(lastMs, 1_000)).map((call) => call.elapsedMs);
    const beforeMs = before.calls.map((call) => call.elapsedMs);
    const [p99Before, p99Beside] = [percentile(beforeMs, 99), percentile(besideMs, 99)];
    system.note(
      `single triggers: p99 ${p99Before.toFixed(1)} ms before, ${p99Beside.toFixed(1)} ms of ${besideMs.length} beside`,
    );
    await worker();
    await rows.awaitAllFinished();
    return {
      schedules_10000_late_p50_ms: percentile(late, 50),
      schedules_10000_late_p95_ms: percentile(late, 95),
      schedules_10000_late_max_ms: lastMs,
      schedules_10000_trigger_p99_ratio: p99Beside / p99Before,
    };
  },
};

/** Daily schedules of one time, as a caller makes them for each of its users. */
async function makeSchedules({ client }: System, at: number): Promise<void> {
  const time = new Date(at);
  await client.query(
    `insert into schedule (environment_id, id, type, task_id, cron, timezone, deduplication_key, external_id, next_at, due_at)
     select environment.id, gen_random_uuid(), 'imperative', $2, $3, 'UTC', 'bench ' || n, 'user ' || n, $4, $4
     from environment, generate_series(1, $5::int) n where slug = $1`,
    [environmentSlug, taskId, `${time.getUTCMinutes()} ${time.getUTCHours()} * * *`, time, count],
  );
}

/** How late each run was made, in milliseconds, once all are. */
async function awaitFires({ client }: System, at: number): Promise<readonly number[]> {
  const deadlineMs = performance.now() + minuteMs;
  for (;;) {
    const { rows } = await client.query(
      `select extract(epoch from created_at)::float8 * 1000 - $2 as late from run
       where task_id = $1 and created_at >= to_timestamp($2::float8 / 1000)`,
      [taskId, at],
    );
    if (rows.length === count) return rows.map((row) => Number(row.late));
    if (performance.now() > deadlineMs)
      throw new Error(`${rows.length} of ${count} schedules have fired after a minute.`);
    await delay(100);
  }
}
