import { alignColumns } from "../../report/columns.ts";
import { type JudgedBar, ratioOf } from "../bars.ts";
import { peerFigure, peerFigures } from "../figures.ts";
import { overviewColumns, overviewOf, shortNumber } from "./overview.ts";
import { labelIn, type PeersFile } from "./peers-file.ts";
import type { PeerResult } from "./results.ts";

/**
 * Shows Pawl beside its peers: all in one table, what Pawl has to reach, each figure with its samples and Pawl's ratio, what failed, how
 * that stands to the reference measurement, what took how long, and what each has on and off.
 *
 * @param file - of a measurement
 * @returns its lines
 */
export function renderPeers(file: PeersFile): readonly string[] {
  return [
    conditionsOf(file),
    ...(isToBeCompared(file) ? [] : ["A QUICK LOOK OR FROM SOURCE: not to be compared."]),
    ...section("Pawl beside its peers", overviewLines(file)),
    ...section("What Pawl has to reach", barLines(file)),
    ...figureSections(file),
    ...section(
      "Failed",
      file.failures.map(({ contender, work, reason }) => `  ${labelIn(file, contender)}, ${work}: ${reason}`),
    ),
    ...section(`Against the reference: ${file.reference.source}`, referenceLines(file)),
    ...section("Time, summed over contenders and rounds", timeLines(file)),
    ...section("What each has on and off", noteLines(file)),
    "",
  ];
}

/**
 * Whether figures of a measurement may stand beside others.
 *
 * @param file - of the measurement
 * @returns whether it took its time, with Pawl as a user gets it
 */
export function isToBeCompared({ isQuick, machine }: PeersFile): boolean {
  return !isQuick && machine.product === "packed";
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ["", title, ...lines];
}

function conditionsOf({ machine, postgresSettings, versions }: PeersFile): string {
  const { cpu, cores, node, postgres, commit, fdatasyncMs, loadBefore } = machine;
  return `${cpu}, ${cores} cores · Node ${node} · Postgres ${postgres} (${postgresSettings.join(", ")}) · Redis ${versions.redis} · ${commit} · one write and sync ${fdatasyncMs} ms · load before ${loadBefore[0]} · ${machine.date}`;
}

function overviewLines(file: PeersFile): readonly string[] {
  const columns = overviewColumns.filter(({ figure }) => file.results.some((result) => result.figure === figure));
  if (columns.length === 0) return [];
  const rows = overviewOf(file, columns).map(({ label, cells }) => [`  ${label}`, ...cells]);
  const headings = [
    ["", ...columns.map(({ heading }) => heading)],
    ["", ...columns.map(({ unit }) => unit)],
  ];
  return alignColumns(
    [...headings, ...rows],
    [...columns.keys()].map((column) => column + 1),
  );
}

function barLines(file: PeersFile): readonly string[] {
  return alignColumns(
    file.bars.map((bar) => barCells(file, bar)),
    [2],
  );
}

function barCells(file: PeersFile, bar: JudgedBar): readonly string[] {
  const { title, unit, isRate } = peerFigure(bar.figure);
  const sign = isRate ? "≥" : "≤";
  const limit = (name: string, value: number | undefined) => (value === undefined ? "" : `${name} ${sign} ${value}`);
  return [
    `  ${title}`,
    bar.peer === null ? "" : `÷ ${labelIn(file, bar.peer)}`,
    `${shortNumber(bar.reached)} ${bar.peer === null ? unit : "×"}`,
    limit("floor", bar.floor),
    limit("aim", bar.aim),
    bar.verdict,
  ];
}

function figureSections(file: PeersFile): readonly string[] {
  return peerFigures.flatMap(({ name, title, unit }) => {
    const rows = file.results.filter(({ figure }) => figure === name);
    const pawl = rows.find(({ contender }) => contender === "pawl");
    const cells = rows.map((result) => [
      `  ${labelIn(file, result.contender)}`,
      shortNumber(result.median),
      unit,
      rangeOf(result.samples),
      besides(result, pawl),
    ]);
    return section(title, alignColumns(cells, [1]));
  });
}

/** How Pawl stands to a peer; nothing where that says nothing. */
function besides(result: PeerResult, pawl: PeerResult | undefined): string {
  if (pawl === undefined || pawl === result || result.median === 0) return "";
  return `Pawl ÷ it: ${shortNumber(ratioOf(pawl, result))} ×`;
}

function rangeOf(samples: readonly number[]): string {
  return samples.length < 2 ? "" : `(${shortNumber(Math.min(...samples))}–${shortNumber(Math.max(...samples))})`;
}

function referenceLines(file: PeersFile): readonly string[] {
  const { rows } = file.reference;
  if (rows.length === 0) return [];
  const ratio = (value: number | null) => (value === null ? "" : `${value.toFixed(2)} ×`);
  const cells = rows.map(({ contender, figure, reference, here, ratio: own, toBareTable, explanation }) => [
    `  ${peerFigure(figure).title}`,
    labelIn(file, contender),
    shortNumber(reference),
    shortNumber(here),
    ratio(own),
    ratio(toBareTable),
    explanation ?? "within 30 %",
  ]);
  const headings = ["", "", "there", "here", "here ÷ there", "÷ bare table's", ""];
  return alignColumns([headings, ...cells], [2, 3, 4, 5]);
}

function timeLines({ durations, tookS }: PeersFile): readonly string[] {
  const cells = durations.map((each) => [`  ${each.work}`, minutes(each.tookS)]);
  return alignColumns([...cells, ["  from the first sample to the last", minutes(tookS)]], [1]);
}

const minutes = (seconds: number) => `${(seconds / 60).toFixed(1)} min`;

function noteLines({ contenders, works }: PeersFile): readonly string[] {
  const notes = contenders.map(
    ({ label, version, settings }) => `  ${label}${version === null ? "" : ` ${version}`}: ${settings}`,
  );
  const lacking = contenders.flatMap(({ label, lacks }) => {
    const reasons = new Set(Object.values(lacks));
    return [...reasons].flatMap((reason) => {
      const missed = Object.entries(lacks).flatMap(([work, why]) =>
        why === reason && works.includes(work) ? [work] : [],
      );
      return missed.length === 0 ? [] : [`  ${label} is not in ${missed.join(", ")}: ${reason}.`];
    });
  });
  return [...notes, ...lacking];
}
