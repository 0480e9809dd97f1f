import { type Figure, figureNamed } from "../figures.ts";
import { median } from "../measures/statistics.ts";
import { alignColumns } from "./columns.ts";
import type { Result } from "./results.ts";

const headings = ["figure", "median", "unit", "spread", "ratio", "floor", "aim", ""];

/**
 * Shows results as a table.
 *
 * @param results - of a bench
 * @returns its lines
 */
export function renderTable(results: readonly Result[]): readonly string[] {
  return alignColumns([headings, ...results.map((result) => rowOf(result, results))], [1, 3]);
}

function rowOf(result: Result, results: readonly Result[]): readonly string[] {
  const figure = figureNamed(result.name);
  const sign = figure.unit === "/s" ? "≥" : "≤";
  const limit = (value: number | undefined) => (value === undefined ? "" : `${sign} ${shown(value)}`);
  return [
    result.name,
    shown(result.median),
    result.unit,
    spreadOf(result.samples),
    ratioOf(figure, result, results),
    limit(figure.floor),
    limit(figure.aim),
    reached(figure, result.median),
  ];
}

function shown(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: value < 100 ? 1 : 0 });
}

/** How far the samples lie apart, in percent of their median. */
function spreadOf(samples: readonly number[]): string {
  if (samples.length < 2) return "";
  const width = Math.max(...samples) - Math.min(...samples);
  return `${Math.round((width / median(samples)) * 100)} %`;
}

/** Each sample is compared with the calibration of its own round. */
function ratioOf({ calibration }: Figure, { samples }: Result, results: readonly Result[]): string {
  const rates = results.find(({ name }) => name === calibration?.name)?.samples;
  if (calibration === undefined || rates === undefined) return "";
  const ratios = samples.map((sample, round) => calibration.toRate(sample) / (rates[round] ?? Number.NaN));
  return `${median(ratios).toFixed(2)} × ${calibration.name.replace(/_per_s$/, "")}`;
}

function reached({ unit, floor, aim }: Figure, value: number): string {
  if (floor === undefined) return "";
  const isReached = (limit: number) => (unit === "/s" ? value >= limit : value <= limit);
  if (!isReached(floor)) return "BELOW THE FLOOR";
  return aim !== undefined && isReached(aim) ? "reaches the aim" : "reaches the floor";
}
