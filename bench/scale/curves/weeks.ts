import { openDatabase } from "@pawl/server/store/db";
import { makePartitions } from "@pawl/server/store/partitions";
import type { System } from "../../system/system.ts";
import { idFromNow } from "../copies.ts";
import { type Curve, stopNothing } from "../curve.ts";
import { makeRun } from "./make-run.ts";

const weekMs = 7 * 24 * 3_600_000;

/** Weeks whose partitions are there, without runs in them: what partitions cost by themselves. */
export const weeks: Curve = {
  name: "weeks",
  title: "With more weeks of history",
  unit: "weeks whose partitions are there, empty",
  sizes: [1, 26, 104],
  quickSizes: [1, 52],
  isKept: true,
  async arrange(system, size) {
    await makeWeeks(system, size);
    await system.worker();
    await system.rows.resume();
    const runId = await makeRun(system, "bench.noop", { n: 1 }, "finished");
    return { sinceId: idFromNow(), toRead: [runId], stop: stopNothing };
  },
};

/**
 * Makes the partitions of past weeks, as the product does while they go by.
 *
 * @param system - where
 * @param count - how many weeks
 */
export async function makeWeeks(system: System, count: number): Promise<void> {
  const { host, port, user, password, database } = await system.database("postgres");
  const query = new URLSearchParams({ host: host ?? "", port: String(port) });
  const url = `postgres://${user}:${String(password)}@/${database}?${query}`;
  const opened = openDatabase({ url, poolSize: 1 });
  for (let week = 1; week <= count; week++) await makePartitions(opened, new Date(Date.now() - week * weekMs));
  await opened.close();
}
