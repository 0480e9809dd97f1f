import { stripVTControlCharacters } from "node:util";

/**
 * Lays out rows in columns as wide as their widest cell; colors take no room.
 *
 * @param rows - cells as they are to be shown; every row has as many
 * @param options - `rightAligned`: indexes of columns of figures
 * @returns one line a row, without spaces at the end
 * @example
 * ```ts
 * renderTable([["id", "ms"], ["a", "12"]], { rightAligned: [1] }); // ["id  ms", "a   12"]
 * ```
 */
export function renderTable(
  rows: readonly (readonly string[])[],
  options: { readonly rightAligned?: readonly number[] } = {},
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, widthOf(cell));
    });
  }
  return rows.map((row) => {
    const cells = row.map((cell, column) => {
      const room = " ".repeat((widths[column] ?? 0) - widthOf(cell));
      return options.rightAligned?.includes(column) === true ? room + cell : cell + room;
    });
    return cells.join("  ").trimEnd();
  });
}

function widthOf(cell: string): number {
  return stripVTControlCharacters(cell).length;
}
