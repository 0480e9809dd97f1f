import { type ChartSection, drawChart } from "../../report/chart.ts";
import { type PeerFigureName, peerFigure } from "../figures.ts";
import type { PeerResult } from "./results.ts";

/** What the chart of the peers shows. */
export interface PeersChartPlan {
  readonly title: string;
  /** Under which conditions, in one line. */
  readonly subtitle: string;
  readonly results: readonly PeerResult[];
  /** What each contender is called. */
  readonly labels: ReadonlyMap<string, string>;
}

const charted: readonly PeerFigureName[] = [
  "enqueue_single_per_s",
  "enqueue_bulk_per_s",
  "end_to_end_per_s",
  "mixed_finished_per_s",
  "start_latency_p50_ms",
  "start_latency_p99_ms",
  "parent_child_p50_ms",
  "fan_out_1000_s",
  "backlog_per_s",
  "crash_done_s",
  "idle_queries_per_min",
];

/**
 * Draws a bar for each contender, figure by figure.
 *
 * @param plan - what to show
 * @returns the SVG
 */
export function drawPeersChart({ title, subtitle, results, labels }: PeersChartPlan): string {
  const sections = charted.map((name) => {
    const rows = results.filter(({ figure }) => figure === name);
    return sectionOf(name, rows, labels);
  });
  return drawChart({ title, subtitle, sections });
}

function sectionOf(
  name: PeerFigureName,
  rows: readonly PeerResult[],
  labels: ReadonlyMap<string, string>,
): ChartSection {
  const { title, unit, isRate } = peerFigure(name);
  return {
    heading: title,
    unit: `${unit}, ${isRate ? "more is better" : "less is better"}`,
    bars: rows.map(({ contender, median, samples }) => ({
      label: labels.get(contender) ?? contender,
      pieces: [{ value: median, colour: contender === "pawl" ? 0 : 1 }],
      samples,
    })),
  };
}
