import { median, percentile } from "../../measures/statistics.ts";
import type { Work } from "./work.ts";

const warmUpParents = 5;

/** A parent that waits for one no-op child: from before it asks for the child until it has the result. */
export const parentChild: Work = {
  name: "parent_child",
  gives: ["parent_child_p50_ms", "parent_child_p95_ms"],
  kinds: ["noop", "parent"],
  async run(session, { scale }) {
    await session.startWorker();
    await session.roundTrips(warmUpParents);
    const tookMs = await session.roundTrips(scale.roundTrips);
    return { parent_child_p50_ms: percentile(tookMs, 50), parent_child_p95_ms: percentile(tookMs, 95) };
  },
};

const msPerSecond = 1_000;

/** A parent that waits for 1,000 no-op children at once; the median of three, after one that warms. */
export const fanOut: Work = {
  name: "fan_out",
  gives: ["fan_out_1000_s"],
  kinds: ["noop", "fan_out"],
  async run(session, { scale }) {
    await session.startWorker();
    await session.fanOut(scale.fanOutChildren);
    const tookMs: number[] = [];
    for (let round = 0; round < scale.fanOuts; round++) tookMs.push(await session.fanOut(scale.fanOutChildren));
    return { fan_out_1000_s: median(tookMs) / msPerSecond };
  },
};
