import type { Database } from "./db.ts";

/**
 * Reads a fact about this installation, and makes it where there is none. Of servers that start at once, one makes it and all
 * get the same.
 *
 * @param database - where
 * @param name - of the fact
 * @param candidate - its value, if it has to be made
 * @returns the value that holds from now on
 */
export async function findOrMakeFact(database: Database, name: string, candidate: string): Promise<string> {
  const [, [row] = []] = await database.transaction([
    {
      name: "installation_make",
      text: "insert into installation (name, value) values ($1, $2) on conflict do nothing",
      values: [name, candidate],
    },
    { name: "installation_find", text: "select value from installation where name = $1", values: [name] },
  ]);
  return typeof row?.value === "string" ? row.value : candidate;
}
