/** A part of a bar. */
export interface BarPiece {
  readonly value: number;
  /** Which of the chart's colours it has, by its place; 0 stands out. */
  readonly colour: number;
}

/** A bar with its label. */
export interface Bar {
  readonly label: string;
  /** One after the other; most bars have one. */
  readonly pieces: readonly BarPiece[];
  /** All samples of the whole bar: a line from the lowest to the highest. */
  readonly samples: readonly number[];
  /** What stands behind the bar; default: its length. */
  readonly text?: string;
}

/** Bars of one scale. */
export interface ChartSection {
  readonly heading: string;
  /** The unit, and which direction is better. */
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** What the colours mean, by their place; default: nothing is said. */
  readonly legend?: readonly string[];
}

/** What a chart shows. */
export interface ChartPlan {
  readonly title: string;
  /** Under which conditions, in one line. */
  readonly subtitle: string;
  /** One with no bars is left out. */
  readonly sections: readonly ChartSection[];
}

const size = { width: 980, labels: 270, values: 130, bar: 16, row: 22, heading: 44, top: 70 };

const colours = [
  { light: "#1f6f5c", dark: "#4fb79b" },
  { light: "#a9b4c2", dark: "#4d5866" },
  { light: "#c98a2b", dark: "#d9a55a" },
  { light: "#5b7fb5", dark: "#7d9fd1" },
];

const fills = (theme: "light" | "dark") =>
  colours.map((colour, index) => `.c${index} { fill: ${colour[theme]} }`).join(" ");

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1b1f24 }
  .title { font-size: 18px; font-weight: 600 } .quiet { fill: #5a6470 } .heading { font-weight: 600 }
  ${fills("light")} .range { stroke: #1b1f24; stroke-width: 1 } .paper { fill: #fff }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6e9ed } .quiet { fill: #9aa5b1 } ${fills("dark")} .range { stroke: #e6e9ed } .paper { fill: #14181d }
  }`;

/**
 * Draws sections of bars, each with a line from the lowest to the highest sample.
 *
 * @param plan - what to show
 * @returns the SVG
 */
export function drawChart({ title, subtitle, sections }: ChartPlan): string {
  const parts: string[] = [];
  let y = size.top;
  for (const section of sections) {
    if (section.bars.length === 0) continue;
    parts.push(...drawSection(section, y));
    y += size.heading + section.bars.length * size.row;
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

function drawSection({ heading, unit, bars, legend = [] }: ChartSection, top: number): readonly string[] {
  const most = Math.max(...bars.flatMap((bar) => [lengthOf(bar), ...bar.samples]), Number.MIN_VALUE);
  const scale = (value: number) => ((size.width - size.labels - size.values) * value) / most;
  const marks = legend.map((name, index) => `<tspan class="c${index}" dx="12">■</tspan> ${escaped(name)}`).join("");
  return [
    `<text class="heading" x="20" y="${top + 24}">${escaped(heading)} <tspan class="quiet">(${escaped(unit)})</tspan>${marks}</text>`,
    ...bars.flatMap((bar, index) => drawBar(bar, top + size.heading - 10 + index * size.row, scale)),
  ];
}

function drawBar(bar: Bar, y: number, scale: (value: number) => number): readonly string[] {
  const middle = y + size.bar / 2;
  const [lowest, highest] = [Math.min(lengthOf(bar), ...bar.samples), Math.max(lengthOf(bar), ...bar.samples)];
  let from = 0;
  const pieces = bar.pieces.map(({ value, colour }) => {
    const x = fixed(size.labels + scale(from));
    from += value;
    return `<rect class="c${colour}" x="${x}" y="${y}" width="${fixed(scale(value))}" height="${size.bar}"/>`;
  });
  const range = `<line class="range" x1="${fixed(size.labels + scale(lowest))}" x2="${fixed(size.labels + scale(highest))}" y1="${middle}" y2="${middle}"/>`;
  return [
    `<text x="${size.labels - 8}" y="${y + 13}" text-anchor="end">${escaped(bar.label)}</text>`,
    ...pieces,
    ...(bar.samples.length > 1 ? [range] : []),
    `<text x="${fixed(size.labels + scale(highest) + 8)}" y="${y + 13}">${escaped(bar.text ?? lengthOf(bar).toLocaleString("en-US"))}</text>`,
  ];
}

function lengthOf({ pieces }: Bar): number {
  return pieces.reduce((sum, { value }) => sum + value, 0);
}

function fixed(value: number): string {
  return value.toFixed(1);
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
