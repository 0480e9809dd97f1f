import { setTimeout as delay } from "node:timers/promises";
import { pssOfTree, rssOf, rssOfRunProcesses } from "../system/memory.ts";
import type { System } from "../system/system.ts";

/** What the parts used at most at once, in MB: resident, and for Postgres each shared page once. */
export interface Peak {
  readonly server: number;
  readonly host: number;
  /** All together. */
  readonly runProcesses: number;
  readonly processCount: number;
  readonly postgres: number;
}

/** Runs of a round. */
export const runsOfRound = 10_000;

const mixedRuns = 1_000;
const singleRuns = 1_000;
const lookEveryMs = 1_000;
const settleMs = 1_000;

const order = {
  orderId: "order_1906",
  customer: { name: "Grace Hopper", email: "grace@example.com", country: "US" },
  placedAt: "2026-01-01T00:00:00Z",
  lines: Array.from({ length: 5 }, (_, n) => ({
    sku: `SKU-${n}`,
    title: "x".repeat(100),
    quantity: n + 1,
    unitCents: 100,
  })),
  notes: "y".repeat(300),
};

/**
 * 10,000 runs of each kind: no-ops in batches and triggered one by one, some that check and return a kilobyte and log, and some that set
 * metadata, wait for a child and then for two seconds. Ends when all have finished and what they left behind had a moment to go.
 *
 * @param system - with a worker
 * @returns the most memory that was used meanwhile
 */
export async function loadRound(system: System): Promise<Peak> {
  const { load, rows } = system;
  const watch = watchMemory(system);
  const noop = { taskId: "bench.noop", payload: { n: 1 } };
  const parts = [
    { taskId: "bench.mixed", payload: { n: 1 }, batches: 1, runsEach: mixedRuns }, // with a child each
    { taskId: "bench.realistic", payload: order, batches: 4, runsEach: 1_000 },
    { ...noop, batches: 3, runsEach: 1_000 },
  ];
  for (const part of parts) await load.call("trigger_batches", part);
  await load.call("trigger_at_once", { ...noop, count: singleRuns });
  await rows.awaitAllFinished();
  const peak = await watch.stop();
  await delay(settleMs);
  return peak;
}

function watchMemory(system: System): { stop(): Promise<Peak> } {
  let isStopped = false;
  const looks: Peak[] = [];
  const watching = (async () => {
    while (!isStopped) {
      looks.push(await look(system));
      await delay(lookEveryMs);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await watching;
      return peakOf(looks);
    },
  };
}

async function look(system: System): Promise<Peak> {
  const hostPid = (await system.worker()).process.pid ?? 0;
  const processes = await rssOfRunProcesses(hostPid);
  return {
    server: await rssOf(system.server.child.process.pid ?? 0),
    host: await rssOf(hostPid),
    runProcesses: processes.reduce((sum, mb) => sum + mb, 0),
    processCount: processes.length,
    postgres: await pssOfTree([system.postmasterPid]),
  };
}

/**
 * The most of each part.
 *
 * @param peaks - at least one
 * @returns the peak of all
 */
export function peakOf(peaks: readonly Peak[]): Peak {
  const most = (part: keyof Peak) => Math.max(...peaks.map((peak) => peak[part]));
  return {
    server: most("server"),
    host: most("host"),
    runProcesses: most("runProcesses"),
    processCount: most("processCount"),
    postgres: most("postgres"),
  };
}
