import type { PeerFigureName } from "../figures.ts";
import { crashLimitS, type PeersFile } from "./peers-file.ts";

/** A column of the overview. */
interface OverviewColumn {
  readonly figure: PeerFigureName;
  readonly heading: string;
  readonly unit: string;
}

/** The figures that the overview has, in its order. */
export const overviewColumns: readonly OverviewColumn[] = [
  { figure: "enqueue_single_per_s", heading: "enqueue", unit: "/s" },
  { figure: "enqueue_bulk_per_s", heading: "in bulk", unit: "/s" },
  { figure: "end_to_end_per_s", heading: "queued → done", unit: "/s" },
  { figure: "mixed_finished_per_s", heading: "both at once", unit: "/s" },
  { figure: "start_latency_p50_ms", heading: "start p50", unit: "ms" },
  { figure: "start_latency_p99_ms", heading: "start p99", unit: "ms" },
  { figure: "parent_child_p50_ms", heading: "child p50", unit: "ms" },
  { figure: "fan_out_1000_s", heading: "1,000 children", unit: "s" },
  { figure: "backlog_ratio", heading: "beside a backlog", unit: "×" },
  { figure: "crash_done_s", heading: "killed", unit: "s" },
  { figure: "idle_queries_per_min", heading: "idle", unit: "/min" },
];

/** A contender with its figures, as text. */
export interface OverviewRow {
  readonly contender: string;
  readonly label: string;
  readonly cells: readonly string[];
}

/**
 * Puts every contender's figures in a row: Pawl first.
 *
 * @param file - of a measurement
 * @param columns - which figures
 * @returns the rows; a figure that a contender does not have is a dash
 */
export function overviewOf(
  file: PeersFile,
  columns: readonly OverviewColumn[] = overviewColumns,
): readonly OverviewRow[] {
  return file.contenders.map(({ name, label }) => ({
    contender: name,
    label,
    cells: columns.map(({ figure }) => {
      const result = file.results.find((each) => each.contender === name && each.figure === figure);
      return result === undefined ? missing(file, name, figure) : shortNumber(result.median);
    }),
  }));
}

/** Nobody waits longer for a crash than its time, which is a result of its own. */
function missing(file: PeersFile, contender: string, figure: PeerFigureName): string {
  const left = file.results.find((each) => each.contender === contender && each.figure === "crash_left");
  return figure === "crash_done_s" && left !== undefined && left.median > 0 ? `> ${crashLimitS(file)}` : "–";
}

/**
 * Writes a number with three digits or all of those before the point.
 *
 * @param value - the number
 * @returns its text
 */
export function shortNumber(value: number): string {
  const digitsBefore = Math.trunc(value).toString().length;
  return value.toLocaleString("en-US", { maximumFractionDigits: Math.max(0, 3 - digitsBefore) });
}
