import { setTimeout as delay } from "node:timers/promises";
import type { System } from "../system/system.ts";
import type { Measure } from "./measure.ts";
import { percentile } from "./statistics.ts";

const batches = 100;
const runsEach = 1_000;

/** Single triggers beside it: so many milliseconds apart, for so long before it, and for so long from its call on. */
const intervalMs = 10;
const beforeMs = 10_000;
const besideMs = 30_000;

/**
 * 100,000 queued runs, cancelled by one call with a filter while no worker is connected: the time from the call until all are, and how
 * much longer single triggers take meanwhile.
 */
export const bulkCancel: Measure = {
  gives: ["bulk_cancel_100000_s", "bulk_cancel_trigger_p99_ratio"],
  isOnce: true,
  async sample(system) {
    const { withoutWorker, worker, rows, load } = system;
    await withoutWorker();
    await load.call("trigger_batches", { taskId: "bench.realistic", payload: { n: 1 }, batches, runsEach });
    await rows.settle();
    const trigger = { taskId: "bench.noop", payload: { n: 1 }, intervalMs };
    const before = await load.call("trigger_paced", { ...trigger, durationMs: beforeMs });
    const during = load.call("trigger_paced", { ...trigger, durationMs: besideMs });
    const tookMs = await cancelAll(system);
    const beside = (await during).calls.filter(({ atMs }) => atMs <= tookMs).map(({ elapsedMs }) => elapsedMs);
    const p99Before = percentile(
      before.calls.map(({ elapsedMs }) => elapsedMs),
      99,
    );
    const p99Beside = percentile(beside, 99);
    system.note(
      `single triggers: p99 ${p99Before.toFixed(1)} ms before, ${p99Beside.toFixed(1)} ms of ${beside.length} beside`,
    );
    await worker();
    await rows.awaitAllFinished();
    return { bulk_cancel_100000_s: tookMs / 1_000, bulk_cancel_trigger_p99_ratio: p99Beside / p99Before };
  },
};

/** Cancels by the task's name, and answers how long that took, in milliseconds. */
async function cancelAll({ server: { apiUrl, secretKey } }: System): Promise<number> {
  const url = `${apiUrl}/api/v1/bulk-actions`;
  const headers = { authorization: `Bearer ${secretKey}` };
  const body = JSON.stringify({ action: "cancel", filter: { taskIdentifier: "bench.realistic", status: "QUEUED" } });
  const beganAtMs = performance.now();
  const made = (await (await fetch(url, { method: "POST", headers, body })).json()) as { id: string }; // as the API says
  for (;;) {
    const answer = await fetch(`${url}/${made.id}`, { headers });
    const { status, counts } = (await answer.json()) as { status: string; counts: { total: number; success: number } };
    if (status === "PENDING") {
      await delay(100);
      continue;
    }
    const tookMs = performance.now() - beganAtMs;
    if (counts.success !== batches * runsEach) throw new Error(`${counts.success} runs were cancelled.`);
    return tookMs;
  }
}
