import { percentile } from "../../measures/statistics.ts";
import type { Work } from "./work.ts";

const warmUpSpaced = 20;
const intervalMs = 50;

/**
 * Start latency alone, then while another queue has 100,000 jobs of 50 ms and a limit that leaves two of the 16 processes free.
 */
export const beside: Work = {
  name: "beside",
  gives: [
    "start_latency_alone_p99_ms",
    "start_latency_beside_p50_ms",
    "start_latency_beside_p99_ms",
    "start_latency_beside_ratio",
  ],
  isOfPawlAlone: true,
  kinds: ["noop"],
  concurrency: () => 16,
  async run(session, { scale }) {
    await session.startWorker();
    await session.startLatencies(warmUpSpaced, intervalMs);
    const alone = percentile(await session.startLatencies(scale.spacedBeside, intervalMs), 99);
    await session.enqueueBusy(scale.busy);
    const latencies = await session.startLatencies(scale.spacedBeside, intervalMs);
    return {
      start_latency_alone_p99_ms: alone,
      start_latency_beside_p50_ms: percentile(latencies, 50),
      start_latency_beside_p99_ms: percentile(latencies, 99),
      start_latency_beside_ratio: percentile(latencies, 99) / alone,
    };
  },
};
