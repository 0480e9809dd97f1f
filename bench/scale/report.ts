import { median } from "../measures/statistics.ts";
import { type ChartSection, drawChart } from "../report/chart.ts";
import { alignColumns } from "../report/columns.ts";
import type { ComparableResult } from "../report/comparison.ts";
import type { Machine } from "../report/machine.ts";
import { costParts, totalOf } from "./cost.ts";
import type { Curve } from "./curve.ts";
import type { MeasuredSize } from "./measure.ts";

/** A curve that was measured. */
export interface MeasuredCurve {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly isQuick: boolean;
  /** Runs of a sample. */
  readonly runs: number;
  readonly machine: Machine;
  readonly sizes: readonly SizeResult[];
}

/** What came of a size: medians, with the samples of what is compared. */
export interface SizeResult {
  readonly size: number;
  readonly label: string;
  /** Processor time of each part for a run, in microseconds. */
  readonly cpuUs: Readonly<Record<(typeof costParts)[number], number>>;
  readonly totalUs: readonly number[];
  /** To what was measured of the smallest size right before or after. */
  readonly ratios: readonly number[];
  readonly perSecond: readonly number[];
  /** Null: nothing was read. */
  readonly listMs: number | null;
  readonly retrieveMs: number | null;
}

/**
 * Puts together what was measured of a size.
 *
 * @param curve - of which
 * @param measured - the samples
 * @returns the result
 */
export function toSizeResult(curve: Curve, { size, costs, reads }: MeasuredSize): SizeResult {
  const of = (values: readonly number[]) => values.map(rounded);
  const cpuUs = Object.fromEntries(
    costParts.map((part) => [part, rounded(median(costs.map(({ own }) => own.cpuUs[part])))]),
  ) as SizeResult["cpuUs"]; // has all parts
  return {
    size,
    label: curve.labelOf?.(size) ?? size.toLocaleString("en-US"),
    cpuUs,
    totalUs: of(costs.map(({ own }) => totalOf(own))),
    ratios: of(costs.map(({ own, smallest }) => totalOf(own) / totalOf(smallest))),
    perSecond: of(costs.map(({ own }) => own.perSecond)),
    listMs: reads.length === 0 ? null : rounded(median(reads.map(({ own }) => own.listMs))),
    retrieveMs: reads.length === 0 ? null : rounded(median(reads.map(({ own }) => own.retrieveMs))),
  };
}

/** Four digits are more than the machine repeats. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

/**
 * Shows a curve as a table.
 *
 * @param curve - what was measured
 * @returns its lines
 */
export function renderCurve({ title, unit, runs, machine, isQuick, sizes }: MeasuredCurve): readonly string[] {
  const isRead = sizes.some(({ listMs }) => listMs !== null);
  const headings = [unit, ...costParts, "in all, µs", "÷ smallest", "range", "runs/s"];
  const cells = sizes.map((size) => [
    size.label,
    ...costParts.map((part) => shown(size.cpuUs[part])),
    shown(median(size.totalUs)),
    median(size.ratios).toFixed(2),
    rangeOf(size),
    shown(median(size.perSecond)),
    ...(isRead ? [shown(size.listMs ?? 0), shown(size.retrieveMs ?? 0)] : []),
  ]);
  const table = alignColumns(
    [[...headings, ...(isRead ? ["list p50, ms", "retrieve p50, ms"] : [])], ...cells],
    [0, 1, 2, 3, 4, 5, 6, 8, 9, 10],
  );
  return ["", title, conditionsOf({ runs, machine, isQuick, sizes }), ...table];
}

function conditionsOf({
  runs,
  machine,
  isQuick,
  sizes,
}: Pick<MeasuredCurve, "runs" | "machine" | "isQuick" | "sizes">) {
  const { date, cpu, cores, node, postgres, commit, product, loadBefore } = machine;
  const samples = sizes.at(-1)?.totalUs.length ?? 0;
  const warning = isQuick || product === "source" ? " · A QUICK LOOK OR FROM SOURCE: not to be compared" : "";
  return `${date.slice(0, 16)} · ${cpu}, ${cores} cores · Node ${node} · Postgres ${postgres} · ${commit} · ${shown(runs)} runs a sample, ${samples} samples · load before ${loadBefore[0]}${warning}`;
}

/** The ratios' lowest and highest; of the smallest size how far its samples lie apart. */
function rangeOf({ ratios, totalUs }: SizeResult): string {
  if (ratios.length < 2) return "";
  const isSmallest = ratios.every((ratio) => ratio === 1);
  const values = isSmallest ? totalUs.map((value) => value / median(totalUs)) : ratios;
  return `${Math.min(...values).toFixed(2)}–${Math.max(...values).toFixed(2)}`;
}

/**
 * Draws a curve: cost by size, with its parts.
 *
 * @param curve - what was measured
 * @returns the SVG
 */
export function drawCurve(curve: MeasuredCurve): string {
  const { title, unit, sizes } = curve;
  const read = (heading: string, timeOf: (size: SizeResult) => number | null): ChartSection => ({
    heading,
    unit: "ms, less is better",
    bars: sizes.flatMap((size) => {
      const value = timeOf(size);
      return value === null ? [] : [{ label: size.label, pieces: [{ value, colour: 1 }], samples: [value] }];
    }),
  });
  return drawChart({
    title: `${title}: what a run costs, by ${unit}`,
    subtitle: conditionsOf(curve),
    sections: [
      {
        heading: "processor time for a run",
        unit: "µs, less is better; × the smallest",
        legend: costParts.map((part) => (part === "postgres" ? "Postgres" : part)),
        bars: sizes.map((size) => ({
          label: size.label,
          pieces: costParts.map((part, colour) => ({ value: size.cpuUs[part], colour })),
          samples: [],
          text: `${shown(median(size.totalUs))} (${median(size.ratios).toFixed(2)} ×)`,
        })),
      },
      {
        heading: "finished runs",
        unit: "a second, more is better",
        bars: sizes.map((size) => ({
          label: size.label,
          pieces: [{ value: median(size.perSecond), colour: 1 }],
          samples: size.perSecond,
          text: shown(median(size.perSecond)),
        })),
      },
      read("the first page of runs, p50", ({ listMs }) => listMs),
      read("one run, p50", ({ retrieveMs }) => retrieveMs),
    ],
  });
}

/**
 * Gives the figures of a curve by names that stay, for `compare`.
 *
 * @param curve - what was measured
 * @returns the figures
 */
export function comparableResults({ name, sizes }: MeasuredCurve): readonly ComparableResult[] {
  return sizes.flatMap(({ size, totalUs, ratios, perSecond }) =>
    [
      { figure: "cpu_us", unit: "µs", samples: totalUs },
      { figure: "cpu_ratio", unit: "×", samples: ratios },
      { figure: "runs_per_s", unit: "/s", samples: perSecond },
    ].map(({ figure, unit, samples }) => ({
      name: `${name}.${size}.${figure}`,
      unit,
      median: rounded(median(samples)),
      samples,
    })),
  );
}

function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 10 ? 2 : 0 });
}
