import { readFile } from "node:fs/promises";

/**
 * Reads the data set `movies.json`: 3,201 records, one of them without a title.
 *
 * @returns the records as they are
 */
export async function readMovies(): Promise<readonly unknown[]> {
  // The package exports its code only; the data lies beside it.
  const path = new URL("../data/movies.json", import.meta.resolve("vega-datasets"));
  const records: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!Array.isArray(records)) throw new Error(`${path.href} holds no list of records`);
  return records;
}
