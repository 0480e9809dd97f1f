import { readdir, readFile } from "node:fs/promises";
import type pg from "pg";
import { StartError } from "../start-error.ts";
import type { Database } from "./db.ts";

/** One step of the schema: a file `0001_name.sql` whose first line is `-- breaking: yes|no (why)`. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  /** Whether a server that does not know it can't serve the schema after it. */
  readonly isBreaking: boolean;
  readonly sql: string;
}

/** What {@link migrate} did. */
export interface MigrationReport {
  /** Names of the migrations that were applied now. */
  readonly applied: readonly string[];
  /** Names of migrations of a newer server, which this one can work with. */
  readonly unknown: readonly string[];
}

const migrationsDir = new URL("./migrations/", import.meta.url);
const oldestPostgres = 15;

/**
 * Reads the migrations that this server knows, in their order.
 *
 * @param folder - where they are; default: those of this package
 * @returns the migrations, numbered 1, 2, 3, …
 */
export async function readMigrations(folder: URL = migrationsDir): Promise<readonly Migration[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(
    files.map(async (file, index) => {
      const sql = await readFile(new URL(file, folder), "utf8");
      const mark = /^-- breaking: (yes|no) \(.+\)\n/.exec(sql)?.[1];
      const number = Number(file.slice(0, 4));
      if (mark === undefined) throw new Error(`${file} does not begin with "-- breaking: yes|no (why)"`);
      if (number !== index + 1) throw new Error(`${file} should have the number ${index + 1}`);
      return { number, name: file.slice(0, -".sql".length), isBreaking: mark === "yes", sql };
    }),
  );
}

/**
 * Brings the schema to what this server needs. Each migration is one transaction under a lock, so that several servers may start
 * at the same time; one that fails changes nothing.
 *
 * @param database - where
 * @param migrations - the migrations that this server knows; default: those of this package
 * @returns what was applied, and what is there from a newer server
 * @throws StartError when Postgres is too old, or the schema is newer than this server can serve
 */
export async function migrate(database: Database, migrations?: readonly Migration[]): Promise<MigrationReport> {
  const known = migrations ?? (await readMigrations());
  const client = await database.connect();
  client.on("error", () => undefined); // the statement in flight carries it
  try {
    await refuseOldPostgres(client);
    const applied: string[] = [];
    let done = await lockedStep(client, async () => readApplied(client));
    for (const migration of known) {
      if (done.some((row) => row.number === migration.number)) continue;
      done = await lockedStep(client, async () => {
        const before = await readApplied(client); // another server may have applied it while this one waited for the lock
        if (before.some((row) => row.number === migration.number)) return before;
        await apply(client, migration);
        applied.push(migration.name);
        return readApplied(client);
      });
    }
    return { applied, unknown: refuseNewer(done, known) };
  } finally {
    await client.end();
  }
}

interface AppliedMigration {
  readonly number: number;
  readonly name: string;
  readonly is_breaking: boolean;
}

/** Runs a step in a transaction that no other migrating server shares. */
async function lockedStep<T>(client: pg.Client, step: () => Promise<T>): Promise<T> {
  await client.query("begin");
  try {
    await client.query("select pg_advisory_xact_lock(hashtext('pawl migrate'))");
    await client.query(
      "create table if not exists migration (number int primary key, name text not null, is_breaking boolean not null, applied_at timestamptz not null default now())",
    );
    const result = await step();
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch(() => undefined);
    throw error;
  }
}

async function readApplied(client: pg.Client): Promise<readonly AppliedMigration[]> {
  return (await client.query<AppliedMigration>("select number, name, is_breaking from migration order by number")).rows;
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  try {
    await client.query(migration.sql);
  } catch (error) {
    throw new Error(`Migration ${migration.name} failed: ${String(error)}`, { cause: error });
  }
  await client.query("insert into migration (number, name, is_breaking) values ($1, $2, $3)", [
    migration.number,
    migration.name,
    migration.isBreaking,
  ]);
}

function refuseNewer(applied: readonly AppliedMigration[], known: readonly Migration[]): readonly string[] {
  const newer = applied.filter((row) => row.number > known.length);
  const breaking = newer.find((row) => row.is_breaking);
  if (breaking !== undefined) {
    throw new StartError(
      `The database has the schema of a newer Pawl (migration ${breaking.name}), which this version can't serve: start the newer version again.`,
    );
  }
  return newer.map((row) => row.name);
}

async function refuseOldPostgres(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ server_version_num: string }>("show server_version_num");
  const major = Math.floor(Number(rows[0]?.server_version_num) / 10_000);
  if (major < oldestPostgres) {
    throw new StartError(
      `The database is Postgres ${major}, and Pawl needs ${oldestPostgres} or newer: upgrade it, or use another.`,
    );
  }
}
