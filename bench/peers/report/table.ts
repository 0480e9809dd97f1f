import { alignColumns } from "../../report/columns.ts";
import { type JudgedBar, ratioOf } from "../bars.ts";
import type { Contender } from "../contender.ts";
import { peerFigure, peerFigures } from "../figures.ts";
import type { Failure } from "../rounds.ts";
import type { PeerResult } from "./results.ts";

/** What a table shows. */
export interface PeersReport {
  readonly results: readonly PeerResult[];
  readonly bars: readonly JudgedBar[];
  readonly failures: readonly Failure[];
  readonly contenders: readonly Contender[];
  /** The works that were done. */
  readonly works: readonly string[];
  /** Of the packages. */
  readonly versions: Readonly<Record<string, string>>;
}

/**
 * Shows Pawl beside its peers: each figure with the ratio, then the bars, then what each has on and off.
 *
 * @param report - what was measured
 * @returns its lines
 */
export function renderPeers({ results, bars, failures, contenders, works, versions }: PeersReport): readonly string[] {
  const labelOf = (name: string | null) => contenders.find((contender) => contender.name === name)?.label ?? "";
  const figures = peerFigures.filter(({ name }) => results.some(({ figure }) => figure === name));
  const sections = figures.flatMap(({ name, title, unit }) => {
    const rows = results.filter(({ figure }) => figure === name);
    const pawl = rows.find(({ contender }) => contender === "pawl");
    const cells = rows.map((result) => [
      `  ${labelOf(result.contender)}`,
      shown(result.median),
      unit,
      rangeOf(result.samples),
      besides(result, pawl),
    ]);
    return ["", title, ...alignColumns(cells, [1])];
  });
  const notes = contenders.map(({ label, packageName, settings }) => {
    const version = packageName === null ? "" : ` ${versions[packageName]}`;
    return `  ${label}${version}: ${settings}`;
  });
  return [
    ...sections,
    ...(bars.length === 0
      ? []
      : [
          "",
          "Bars",
          ...alignColumns(
            bars.map((bar) => barCells(bar, labelOf)),
            [2],
          ),
        ]),
    ...(failures.length === 0 ? [] : ["", "Failed"]),
    ...failures.map(({ contender, work, reason }) => `  ${labelOf(contender)}, ${work}: ${reason}`),
    ...["", "Notes", ...notes],
    ...contenders.flatMap(({ label, lacks }) =>
      Object.entries(lacks).flatMap(([work, reason]) =>
        works.includes(work) ? [`  ${label} is not in ${work}: ${reason}`] : [],
      ),
    ),
  ];
}

/** How Pawl stands to a peer; nothing where that says nothing. */
function besides(result: PeerResult, pawl: PeerResult | undefined): string {
  if (pawl === undefined || pawl === result || result.median === 0) return "";
  return `Pawl ÷ it: ${shown(ratioOf(pawl, result))} ×`;
}

function barCells(bar: JudgedBar, labelOf: (name: string | null) => string): readonly string[] {
  const sign = peerFigure(bar.figure).isRate ? "≥" : "≤";
  const { title, unit } = peerFigure(bar.figure);
  const limit = (name: string, value: number | undefined) => (value === undefined ? "" : `${name} ${sign} ${value}`);
  return [
    `  ${title}`,
    bar.peer === null ? "" : `÷ ${labelOf(bar.peer)}`,
    `${shown(bar.reached)} ${bar.peer === null ? unit : "×"}`,
    limit("floor", bar.floor),
    limit("aim", bar.aim),
    bar.verdict,
  ];
}

function rangeOf(samples: readonly number[]): string {
  return samples.length < 2 ? "" : `(${shown(Math.min(...samples))}–${shown(Math.max(...samples))})`;
}

function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 2 : 0 });
}
