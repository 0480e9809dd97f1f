import { alignColumns } from "../../report/columns.ts";
import type { MeasuredCpu } from "../cpu/measure-cpu.ts";
import type { FloorTable } from "../floors/floor-rows.ts";
import type { MeasuredFloors } from "../floors/measure-floors.ts";
import type { StageTable } from "../latency/stage-table.ts";

/** What `stages` measures, as it is written to its JSON. */
export interface StagesResult {
  readonly singleRun: StageTable;
  readonly roundTrip: StageTable;
  readonly cpu: MeasuredCpu;
  readonly floors: MeasuredFloors;
}

/** A table for people; all columns but the first and the last are numbers. */
interface ShownTable {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * Makes the tables of a result.
 *
 * @param result - what was measured
 * @returns where the time goes, where the processor time goes, and how far both are from bare loops
 */
export function stagesTables({ singleRun, roundTrip, cpu, floors }: StagesResult): readonly ShownTable[] {
  return [
    stageRows("A single run at idle", singleRun),
    floorRows("The same beside bare loops", floors.singleRun, "ms", milliseconds),
    stageRows("A parent and its child at idle: triggerAndWait of a no-op", roundTrip),
    floorRows("The same beside bare loops", floors.roundTrip, "ms", milliseconds),
    cpuRows("Processor time of a queued no-op run", cpu),
    floorRows("The same beside bare loops", floors.cpu, "µs", microseconds),
  ];
}

/** @returns the tables as text */
export function renderText(tables: readonly ShownTable[]): string {
  return tables
    .map(({ title, columns, rows }) => [title, "", ...alignColumns([columns, ...rows], numeric(columns))].join("\n"))
    .join("\n\n");
}

/** @returns the tables as Markdown, each under a heading */
export function renderMarkdown(tables: readonly ShownTable[]): string {
  return tables
    .map(({ title, columns, rows }) => {
      const right = numeric(columns);
      const rule = columns.map((_, index) => (right.includes(index) ? "---:" : "---"));
      return [`**${title}**`, "", ...[columns, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`)].join("\n");
    })
    .join("\n\n");
}

function numeric(columns: readonly string[]): readonly number[] {
  return columns.flatMap((name, index) => (/ms|µs|share|÷/.test(name) ? [index] : []));
}

function stageRows(title: string, { rows, whole, samples }: StageTable): ShownTable {
  const shareOf = (ms: number) => percent(ms / whole.meanMs);
  return {
    title: `${title} (${samples} samples)`,
    columns: ["stage", "p50 ms", "mean ms", "share", "in Postgres, mean ms"],
    rows: [
      ...rows.map(({ stage, p50Ms, meanMs, inPostgresMs }) => [
        stage,
        milliseconds(p50Ms),
        milliseconds(meanMs),
        shareOf(meanMs),
        inPostgresMs === null ? "" : milliseconds(inPostgresMs),
      ]),
      ["whole (the means add up to its mean)", milliseconds(whole.p50Ms), milliseconds(whole.meanMs), percent(1), ""],
    ],
  };
}

function floorRows(
  title: string,
  { rows, whole }: FloorTable,
  unit: string,
  shown: (value: number) => string,
): ShownTable {
  return {
    title,
    columns: ["part", `Pawl, ${unit}`, `bare loop, ${unit}`, "Pawl ÷ loop", "what the loop does"],
    rows: [
      ...rows.map(({ part, pawl, floor, loop }) => [part, shown(pawl), shown(floor), ratio(pawl, floor), loop]),
      ["whole", shown(whole.pawl), shown(whole.floor), ratio(whole.pawl, whole.floor), ""],
    ],
  };
}

function cpuRows(title: string, { owners, usPerRun, runsPerSecond }: MeasuredCpu): ShownTable {
  const rates = runsPerSecond.map((rate) => Math.round(rate).toLocaleString("en-US")).join(", ");
  return {
    title: `${title} (${rates} runs/s)`,
    columns: ["process and part", "µs a run", "share"],
    rows: [
      ...owners.flatMap((owner) => [
        [`${owner.name}`, microseconds(owner.usPerRun), percent(owner.usPerRun / usPerRun)],
        ...owner.rows.map((row) => [`· ${row.part}`, microseconds(row.usPerRun), percent(row.usPerRun / usPerRun)]),
      ]),
      ["whole (the processes add up to it, and the parts to each)", microseconds(usPerRun), percent(1)],
    ],
  };
}

const milliseconds = (ms: number) => ms.toFixed(2);
const microseconds = (us: number) => us.toFixed(1);
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
const ratio = (value: number, floor: number) => (floor === 0 ? "" : (value / floor).toFixed(1));
