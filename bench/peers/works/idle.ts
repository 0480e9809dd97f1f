import { setTimeout as delay } from "node:timers/promises";
import type { Work } from "./work.ts";

const settleMs = 5_000;
const intervalMs = 20;
const minuteMs = 60_000;

/** A minute of a worker that has executed a few jobs: what anybody but the bench sends to its database. */
export const idle: Work = {
  name: "idle",
  gives: ["idle_queries_per_min"],
  isOnce: true,
  isTogether: true,
  kinds: ["noop"],
  async run(session, { scale, together }) {
    await session.startWorker();
    await session.startLatencies(20, intervalMs);
    await together();
    await delay(settleMs);
    const before = await session.countQueries();
    await delay(scale.idleMs);
    const after = await session.countQueries();
    return before === null || after === null
      ? {}
      : { idle_queries_per_min: ((after - before) / scale.idleMs) * minuteMs };
  },
};
