import { type PeerFigureName, peerFigure } from "../figures.ts";
import type { PeerResult } from "./results.ts";

/** What the chart shows. */
export interface ChartPlan {
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

const size = { width: 980, labels: 270, values: 110, bar: 16, row: 22, heading: 44, top: 70 };

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1b1f24 }
  .title { font-size: 18px; font-weight: 600 } .quiet { fill: #5a6470 } .heading { font-weight: 600 }
  .peer { fill: #a9b4c2 } .pawl { fill: #1f6f5c } .range { stroke: #1b1f24; stroke-width: 1 }
  .paper { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ed } .quiet { fill: #9aa5b1 } .peer { fill: #4d5866 } .pawl { fill: #4fb79b }
    .range { stroke: #e6e9ed } .paper { fill: #14181d }
  }`;

/**
 * Draws a bar for each contender, figure by figure, with a line from the lowest to the highest sample.
 *
 * @param plan - what to show
 * @returns the SVG
 */
export function drawChart({ title, subtitle, results, labels }: ChartPlan): string {
  const parts: string[] = [];
  let y = size.top;
  for (const name of charted) {
    const rows = results.filter(({ figure }) => figure === name);
    if (rows.length === 0) continue;
    parts.push(...drawFigure(name, rows, labels, y));
    y += size.heading + rows.length * size.row;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${y + 20}" viewBox="0 0 ${size.width} ${y + 20}" role="img">`,
    `<title>${escaped(title)}</title><style>${style}</style>`,
    `<rect class="paper" width="100%" height="100%"/>`,
    `<text class="title" x="20" y="32">${escaped(title)}</text>`,
    `<text class="quiet" x="20" y="54">${escaped(subtitle)}</text>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function drawFigure(
  name: PeerFigureName,
  rows: readonly PeerResult[],
  labels: ReadonlyMap<string, string>,
  top: number,
): readonly string[] {
  const { title, unit, isRate } = peerFigure(name);
  const most = Math.max(...rows.flatMap(({ samples }) => samples), Number.MIN_VALUE);
  const scale = (value: number) => ((size.width - size.labels - size.values) * value) / most;
  const better = isRate ? "more is better" : "less is better";
  return [
    `<text class="heading" x="20" y="${top + 24}">${escaped(title)} <tspan class="quiet">(${unit}, ${better})</tspan></text>`,
    ...rows.flatMap((result, index) => {
      const y = top + size.heading - 10 + index * size.row;
      const middle = y + size.bar / 2;
      const [lowest, highest] = [Math.min(...result.samples), Math.max(...result.samples)];
      const isPawl = result.contender === "pawl";
      return [
        `<text x="${size.labels - 8}" y="${y + 13}" text-anchor="end">${escaped(labels.get(result.contender) ?? result.contender)}</text>`,
        `<rect class="${isPawl ? "pawl" : "peer"}" x="${size.labels}" y="${y}" width="${fixed(scale(result.median))}" height="${size.bar}"/>`,
        `<line class="range" x1="${fixed(size.labels + scale(lowest))}" x2="${fixed(size.labels + scale(highest))}" y1="${middle}" y2="${middle}"/>`,
        `<text x="${fixed(size.labels + scale(highest) + 8)}" y="${y + 13}">${result.median.toLocaleString("en-US")}</text>`,
      ];
    }),
  ];
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
