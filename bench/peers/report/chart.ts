import { type PeerFigureName, peerFigure } from "../figures.ts";
import { barScale } from "./bar-scale.ts";
import { shortNumber } from "./overview.ts";
import { crashLimitS, labelIn, type PeersFile, type ShownContender } from "./peers-file.ts";
import type { PeerResult } from "./results.ts";
import { isToBeCompared } from "./table.ts";

/** One panel each, two beside each other. */
const charted: readonly PeerFigureName[] = [
  "end_to_end_per_s",
  "mixed_finished_per_s",
  "enqueue_single_per_s",
  "enqueue_bulk_per_s",
  "start_latency_p50_ms",
  "start_latency_p99_ms",
  "parent_child_p50_ms",
  "fan_out_1000_s",
  "backlog_per_s",
  "backlog_ratio",
  "crash_done_s",
  "idle_queries_per_min",
];

const size = {
  width: 1_080,
  margin: 24,
  gap: 36,
  top: 96,
  labels: 200,
  values: 66,
  bar: 13,
  row: 20,
  heading: 44,
  below: 30,
};
const panelWidth = (size.width - 2 * size.margin - size.gap) / 2;
const barsWidth = panelWidth - size.labels - size.values;

const style = `
  text { font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #24292f }
  .title { font-size: 19px; font-weight: 650 } .heading { font-size: 13px; font-weight: 650 }
  .quiet { fill: #59636e; font-weight: 400 } .own { font-weight: 650 }
  .peer { fill: #aab4bf } .floor { fill: #dfe4ea } .pawl { fill: #1a7f64 }
  .range { stroke: #24292f; stroke-width: 1 } .line { stroke: #e6eaee; stroke-width: 1 } .paper { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .quiet { fill: #9198a1 } .peer { fill: #57616c } .floor { fill: #2b323b } .pawl { fill: #3fb68f }
    .range { stroke: #e6edf3 } .line { stroke: #262c34 } .paper { fill: #0d1117 }
  }`;

/**
 * Draws a panel for each figure, and in it a bar for each contender, with a line from the lowest to the highest sample. Where the
 * contenders lie far apart the scale is logarithmic.
 *
 * @param file - of a measurement
 * @returns the SVG
 */
export function drawPeersChart(file: PeersFile): string {
  const panels = charted.map((figure) => panelOf(file, figure)).filter(({ results }) => results.length > 0);
  const parts: string[] = [];
  let y = size.top;
  for (let left = 0; left < panels.length; left += 2) {
    const pair = panels.slice(left, left + 2);
    for (const [column, panel] of pair.entries()) {
      const x = size.margin + column * (panelWidth + size.gap);
      parts.push(`<g transform="translate(${x} ${y})">`, ...drawPanel(file, panel), "</g>");
    }
    y +=
      size.heading + Math.max(...pair.map(({ results, late }) => results.length + late.length)) * size.row + size.below;
  }
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${y}" viewBox="0 0 ${size.width} ${y}" role="img">`,
    `<title>Pawl beside its peers</title><style>${style}</style>`,
    `<rect class="paper" width="100%" height="100%"/>`,
    ...heading(file),
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

interface Panel {
  readonly figure: PeerFigureName;
  readonly results: readonly PeerResult[];
  /** Who had not recovered when its time was over. */
  readonly late: readonly string[];
}

function panelOf({ results }: PeersFile, figure: PeerFigureName): Panel {
  const late =
    figure === "crash_done_s" ? results.filter((each) => each.figure === "crash_left" && each.median > 0) : [];
  return {
    figure,
    results: results.filter((result) => result.figure === figure),
    late: late.map(({ contender }) => contender),
  };
}

function heading(file: PeersFile): readonly string[] {
  const { cpu, cores, postgres, date } = file.machine;
  const title = `Pawl beside its peers${isToBeCompared(file) ? "" : ": a quick look, not to be compared"}`;
  const lines = [
    `${date.slice(0, 10)} · ${cpu}, ${cores} cores for clients, servers and workers · Postgres ${postgres} · Node ${file.machine.node}`,
    "Pawl executes each run in a process of its own, over HTTP; its peers in their own process. Medians; the thin line is from the lowest to the highest sample.",
  ];
  return [
    text(title, { x: size.margin, y: 36, class: "title" }),
    ...lines.map((line, index) => text(line, { x: size.margin, y: 60 + index * 18, class: "quiet" })),
  ];
}

function drawPanel(file: PeersFile, { figure, results, late }: Panel): readonly string[] {
  const { title, unit, isRate } = peerFigure(figure);
  const scale = barScale(
    results.flatMap(({ median, samples }) => [median, ...samples]),
    unit === "×",
  );
  const words = [unit, isRate ? "more is better" : "less is better", ...(scale.isLogarithmic ? ["logarithmic"] : [])];
  const bottom = size.heading + results.length * size.row - 4;
  const at = (value: number) => size.labels + barsWidth * scale.share(value);
  return [
    text(title, { x: 0, y: 18, class: "heading" }),
    text(words.join(" · "), { x: 0, y: 35, class: "quiet" }),
    ...scale.ticks.map((tick) => {
      const x = fixed(at(tick));
      return `<line class="line" x1="${x}" x2="${x}" y1="${size.heading - 2}" y2="${bottom}"/>`;
    }),
    ...results.flatMap((result, row) => {
      const contender = file.contenders.find(({ name }) => name === result.contender);
      return contender === undefined ? [] : drawBar(result, contender, size.heading + row * size.row, scale.share);
    }),
    ...scale.ticks.map((tick) =>
      text(shortNumber(tick), { x: at(tick), y: bottom + 14, class: "quiet", anchor: "middle" }),
    ),
    ...late.flatMap((contender, row) => {
      const y = bottom + 36 + row * size.row;
      return [
        text(labelIn(file, contender), { x: size.labels - 8, y, class: "", anchor: "end" }),
        text(`not within ${crashLimitS(file)} s`, { x: size.labels, y, class: "quiet" }),
      ];
    }),
  ];
}

function drawBar(
  { median, samples }: PeerResult,
  { label, role }: ShownContender,
  y: number,
  share: (value: number) => number,
): readonly string[] {
  const at = (value: number) => size.labels + barsWidth * share(value);
  const [lowest, highest] = [Math.min(...samples), Math.max(...samples)];
  const middle = y + size.bar / 2;
  const own = { pawl: "own", floor: "quiet", peer: "" }[role];
  return [
    text(label, { x: size.labels - 8, y: y + 11, class: own, anchor: "end" }),
    `<rect class="${role}" x="${size.labels}" y="${y}" width="${fixed(barsWidth * share(median))}" height="${size.bar}" rx="2"/>`,
    ...(highest > lowest
      ? [`<line class="range" x1="${fixed(at(lowest))}" x2="${fixed(at(highest))}" y1="${middle}" y2="${middle}"/>`]
      : []),
    text(shortNumber(median), { x: at(Math.max(highest, median)) + 6, y: y + 11, class: own }),
  ];
}

interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly class: string;
  readonly anchor?: "middle" | "end";
}

function text(content: string, { x, y, class: name, anchor }: TextPlace): string {
  const attributes = [
    ...(name === "" ? [] : [`class="${name}"`]),
    ...(anchor === undefined ? [] : [`text-anchor="${anchor}"`]),
  ];
  return `<text x="${fixed(x)}" y="${y}"${attributes.map((each) => ` ${each}`).join("")}>${escaped(content)}</text>`;
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
