import type { MovieReport, Totals } from "../examples/movies/report/build-report.ts";
import type { SkippedRecord } from "../examples/movies/report/clean-records.ts";

/** What the example's task returns. */
export interface DemoReport extends MovieReport {
  readonly records: number;
  readonly skipped: readonly SkippedRecord[];
  readonly correctedDates: number;
  /** Null: nobody was asked. */
  readonly approvedBy: string | null;
}

/**
 * Lays the example's report out as tables.
 *
 * @param report - the output of the run
 * @returns lines for the terminal
 */
export function renderReport(report: DemoReport): readonly string[] {
  const decades = new Map<number, Totals[]>();
  for (const year of report.byYear) {
    const decade = Math.floor(year.year / 10) * 10;
    decades.set(decade, [...(decades.get(decade) ?? []), year]);
  }
  return [
    "",
    ...(report.approvedBy === null ? [] : [`Approved by ${report.approvedBy}`]),
    `${report.records} records, ${report.totals.count} movies, ${report.correctedDates} dates put into the right century`,
    ...report.skipped.map(({ index, reason }) => `  skipped record ${index}: ${reason}`),
    "",
    ...table(
      "Genre",
      report.byGenre.map((group) => [group.genre ?? "(none)", ...cellsOf(group)]),
    ),
    "",
    ...table(
      "Decade",
      [...decades].map(([decade, years]) => [`${decade}s`, ...cellsOf(merged(years))]),
    ),
    "",
    "Highest gross",
    ...report.topTitles.map(({ title, year, worldwideGross }) => `  ${money(worldwideGross)}  ${title} (${year})`),
  ];
}

function merged(groups: readonly Totals[]): Totals {
  const count = groups.reduce((sum, group) => sum + group.count, 0);
  const worldwideGross = groups.reduce((sum, group) => sum + group.worldwideGross, 0);
  const rated = groups.filter((group) => group.averageRating !== null);
  const weight = rated.reduce((sum, group) => sum + group.count, 0);
  const rating = rated.reduce((sum, group) => sum + (group.averageRating ?? 0) * group.count, 0) / weight;
  return { count, worldwideGross, averageRating: weight === 0 ? null : rating };
}

function cellsOf({ count, worldwideGross, averageRating }: Totals): readonly string[] {
  return [String(count), money(worldwideGross), averageRating === null ? "–" : averageRating.toFixed(1)];
}

function money(dollars: number): string {
  return `$${(dollars / 1_000_000).toLocaleString("en-US", { maximumFractionDigits: 0 })} M`.padStart(11);
}

function table(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const all = [[title, "Movies", "Gross", "IMDB"], ...rows];
  const widthOf = (column: number) => Math.max(...all.map((row) => (row[column] ?? "").length));
  return all.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widthOf(0)) : cell.padStart(widthOf(column)))).join("  "),
  );
}
