import { percentile } from "../../measures/statistics.ts";
import type { Session } from "../session.ts";
import type { Work } from "./work.ts";

const warmUpJobs = 1_000;
const drainTimeoutMs = 180_000;

/** A worker whose code is warm. */
async function startWarm(session: Session): Promise<void> {
  await session.startWorker();
  await session.fill(warmUpJobs);
  await session.awaitDrained(drainTimeoutMs);
}

/** No-op jobs that wait for a warm worker, from the moment they are let go until its own store has no unfinished one. */
export const endToEnd: Work = {
  name: "end_to_end",
  gives: ["end_to_end_per_s"],
  kinds: ["noop"],
  async run(session, { scale: { jobs } }) {
    await startWarm(session);
    await session.holdBack();
    await session.fill(jobs);
    await session.letGo();
    return { end_to_end_per_s: (jobs / (await session.awaitDrained(drainTimeoutMs))) * 1_000 };
  },
};

/** Single enqueues, 50 callers at once, while the worker executes. */
export const mixed: Work = {
  name: "mixed",
  gives: ["mixed_enqueued_per_s", "mixed_finished_per_s"],
  kinds: ["noop"],
  async run(session, { scale }) {
    await startWarm(session);
    const { count, finished, elapsedMs } = await session.mix(scale.callers, scale.enqueueMs);
    return {
      mixed_enqueued_per_s: (count / elapsedMs) * 1_000,
      mixed_finished_per_s: (finished / elapsedMs) * 1_000,
    };
  },
};

const warmUpSpaced = 20;
const intervalMs = 50;

/** Single enqueues, 50 ms apart, to an idle worker: from before each call to the first line of its job. */
export const startLatency: Work = {
  name: "start_latency",
  gives: ["start_latency_p50_ms", "start_latency_p95_ms", "start_latency_p99_ms"],
  kinds: ["noop"],
  async run(session, { scale }) {
    await session.startWorker();
    await session.startLatencies(warmUpSpaced, intervalMs);
    const latencies = await session.startLatencies(scale.spaced, intervalMs);
    return {
      start_latency_p50_ms: percentile(latencies, 50),
      start_latency_p95_ms: percentile(latencies, 95),
      start_latency_p99_ms: percentile(latencies, 99),
    };
  },
};
