import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { renderTable } from "./table.ts";

/** What a column of records shows. */
export interface Column {
  /** In capitals; nothing for a column of remarks. */
  readonly title: string;
  /** Whether it has figures, which stand at its right. */
  readonly isFigure?: boolean;
}

/** What stands where a record has nothing to show. */
export const nothing = "–";

const gap = "  ";

/**
 * Shows records as a table, or below each other where the terminal is too narrow for the table: the first cell of each on a line
 * of its own, then the others with their titles.
 *
 * @param columns - what each cell is
 * @param rows - the cells of each record
 * @param width - how many characters a line may have; default: those of the terminal
 * @returns the lines for the terminal
 * @example
 * ```ts
 * renderRecords([{ title: "QUEUE" }, { title: "LIMIT", isFigure: true }], [["emails", "5"]], 80);
 * // ["QUEUE   LIMIT", "emails      5"]
 * ```
 */
export function renderRecords(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number = terminalWidth(),
): readonly string[] {
  const head = columns.map(({ title }) => (title === "" ? "" : pc.dim(title)));
  const rightAligned = columns.flatMap(({ isFigure }, index) => (isFigure === true ? [index] : []));
  const table = renderTable([head, ...rows], { rightAligned });
  if (table.every((line) => lengthOf(line) <= width)) return table;
  return rows.flatMap((row) => stacked(columns, row, width));
}

/**
 * How wide lines may be.
 *
 * @returns the terminal's columns; without bounds where the output is no terminal
 */
export function terminalWidth(): number {
  const { isTTY, columns } = process.stdout;
  return isTTY && columns > 0 ? columns : Number.POSITIVE_INFINITY;
}

function stacked(columns: readonly Column[], [first = "", ...cells]: readonly string[], width: number): string[] {
  const parts = cells.flatMap((cell, index) => {
    const { title = "" } = columns[index + 1] ?? {};
    const value = stripVTControlCharacters(cell);
    if (value === "" || value === nothing) return [];
    return [title === "" ? cell : `${pc.dim(title.toLowerCase())} ${cell}`];
  });
  const lines: string[] = [];
  let line = "";
  for (const part of parts) {
    const longer = line === "" ? gap + part : line + gap + part;
    if (line === "" || lengthOf(longer) <= width) line = longer;
    else {
      lines.push(line);
      line = gap + part;
    }
  }
  return [pc.bold(first), ...lines, ...(line === "" ? [] : [line])];
}

function lengthOf(line: string): number {
  return stripVTControlCharacters(line).length;
}
