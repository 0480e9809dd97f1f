import { setTimeout as delay } from "node:timers/promises";
import { rssOf, rssOfRunProcesses } from "../system/memory.ts";
import type { System } from "../system/system.ts";
import type { Measure } from "./measure.ts";
import { median } from "./statistics.ts";

const idleMs = 60_000;
const settleMs = 5_000;

/**
 * An idle minute of a server and worker that have executed a few runs: the statements that anybody but the bench sends to
 * Postgres, and the memory at its end.
 */
export const idle: Measure = {
  gives: ["idle_queries_per_min", "idle_server_rss_mb", "idle_host_rss_mb", "run_process_rss_mb"],
  isOnce: true,
  async sample(system) {
    const host = await system.worker();
    await system.load.call("trigger_spaced", { taskId: "bench.noop", payload: { n: 1 }, count: 20, intervalMs: 20 });
    await system.rows.awaitAllFinished();
    await delay(settleMs);
    const before = await countQueries(system);
    await delay(idleMs);
    const queries = (await countQueries(system)) - before;
    const hostPid = host.process.pid ?? 0;
    return {
      idle_queries_per_min: queries,
      idle_server_rss_mb: await rssOf(system.server.child.process.pid ?? 0),
      idle_host_rss_mb: await rssOf(hostPid),
      run_process_rss_mb: median(await rssOfRunProcesses(hostPid)),
    };
  },
};

async function countQueries({ client }: System): Promise<number> {
  const { rows } = await client.query(
    `select coalesce(sum(calls), 0) as calls from pg_stat_statements
     where userid <> (select oid from pg_roles where rolname = current_user)`,
  );
  return Number(rows[0]?.calls);
}
