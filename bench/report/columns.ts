/**
 * Aligns cells in columns.
 *
 * @param cells - rows of the same length
 * @param right - the columns that are aligned to the right
 * @returns one line for each row
 */
export function alignColumns(cells: readonly (readonly string[])[], right: readonly number[]): readonly string[] {
  const widths = (cells[0] ?? []).map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return right.includes(column) ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
