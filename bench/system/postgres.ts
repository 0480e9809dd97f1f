import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";

/** How the bench reaches the server's embedded Postgres. */
export interface PostgresAddress {
  readonly host: string;
  readonly port: number;
  readonly password: string;
  readonly postmasterPid: number;
}

/** The bench's own role: queries are counted by role, and its own are left out. */
export const benchRole = "pawl_bench";

/**
 * Finds the embedded Postgres of a data folder by its pid file, and makes a role for the bench there.
 *
 * @param dataDir - of the server
 * @returns where it is, and the password of {@link benchRole}
 */
export async function findPostgres(dataDir: string): Promise<PostgresAddress> {
  const lines = (await readFile(join(dataDir, "postgres/postmaster.pid"), "utf8")).split("\n");
  const port = Number(lines[3]);
  const socketDir = lines[4] ?? "";
  const host = socketDir === "" ? "127.0.0.1" : socketDir;
  const ownerPassword = await readFile(join(dataDir, "postgres.password"), "utf8");
  const password = randomBytes(16).toString("hex");
  const owner = new pg.Client({ host, port, user: "postgres", password: ownerPassword, database: "postgres" });
  await owner.connect();
  await owner.query(`create role ${benchRole} superuser login password '${password}'`);
  await owner.query("create extension if not exists pg_stat_statements");
  await owner.end();
  return { host, port, password, postmasterPid: Number(lines[0]) };
}

/**
 * Connects as the bench's own role.
 *
 * @param address - of the Postgres
 * @param database - its name; default: the server's
 * @returns settings for a client or pool of `pg`
 */
export function connectionSettings({ host, port, password }: PostgresAddress, database = "postgres"): pg.ClientConfig {
  return { host, port, password, user: benchRole, database, application_name: benchRole };
}
