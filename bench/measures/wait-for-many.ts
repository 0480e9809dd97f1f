import { setTimeout as delay } from "node:timers/promises";
import { pssOfTree } from "../system/memory.ts";
import type { System } from "../system/system.ts";
import type { Measure } from "./measure.ts";

const sleeperIds = ["a", "b", "c", "d", "e"].map((name) => `bench.sleeper.${name}`);
const runsEach = 2_000;
const seconds = 10;
const payload = { seconds, text: "x".repeat(1_000) };

/**
 * 10,000 runs of five tasks, 1 KB of payload and a log line each, that all wait for 10 s: how late the last one went on, and the most
 * memory that server, Postgres, host and run processes had together meanwhile.
 */
export const waitForMany: Measure = {
  gives: ["wait_10s_10000_latest_ms", "wait_10s_10000_memory_mb"],
  async sample(system) {
    const { load, rows } = system;
    await system.worker();
    const fromMs = await rows.now();
    await rows.settle();
    const memory = watchMemory(system);
    for (const taskId of sleeperIds) {
      await load.call("trigger_batches", { taskId, payload, batches: runsEach / 1_000, runsEach: 1_000 });
    }
    await rows.awaitAllFinished();
    const peakMb = await memory.stop();
    const { count } = await rows.finishedSince(fromMs);
    if (count !== runsEach * sleeperIds.length) throw new Error(`${count} runs finished.`);
    const { rows: found } = await system.client.query(
      `select max((output::json ->> 0)::float8) as latest from run
       where created_at >= to_timestamp($1 / 1000.0) and task_id = any ($2)`,
      [fromMs, sleeperIds],
    );
    await system.withoutWorker(); // its processes have grown
    return { wait_10s_10000_latest_ms: Number(found[0]?.latest), wait_10s_10000_memory_mb: peakMb };
  },
};

/** Looks at the memory once a second until it is stopped, and gives the most that it has seen, in MB. */
function watchMemory(system: System): { stop(): Promise<number> } {
  let isStopped = false;
  let peakMb = 0;
  const watching = (async () => {
    while (!isStopped) {
      const host = await system.worker();
      const roots = [system.server.child.process.pid ?? 0, host.process.pid ?? 0, system.postmasterPid];
      peakMb = Math.max(peakMb, await pssOfTree(roots));
      await delay(1_000);
    }
  })();
  return {
    async stop() {
      isStopped = true;
      await watching;
      return peakMb;
    },
  };
}
