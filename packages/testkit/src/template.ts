import { createHash, randomBytes } from "node:crypto";
import { openDatabase } from "@pawl/server/store/db";
import { migrate, readMigrations } from "@pawl/server/store/migrate";
import { makePartitions } from "@pawl/server/store/partitions";
import pg from "pg";

/**
 * Makes a database with the current schema, as a copy of a template that is made once.
 *
 * @param adminUrl - URL of a database of the same Postgres
 * @returns URL of the new, empty database
 */
export async function createTestDatabase(adminUrl: string): Promise<string> {
  const template = await makeTemplate(adminUrl);
  const name = `pawl_test_${process.pid}_${randomBytes(5).toString("hex")}`;
  await asAdmin(adminUrl, (client) => client.query(`create database ${name} template ${template} strategy file_copy`));
  return withDatabaseName(adminUrl, name);
}

/**
 * Drops a database, whoever is still connected to it.
 *
 * @param adminUrl - URL of another database of the same Postgres
 * @param url - URL of the database
 */
export async function dropTestDatabase(adminUrl: string, url: string): Promise<void> {
  await asAdmin(adminUrl, (client) =>
    client.query(`drop database if exists ${new URL(url).pathname.slice(1)} with (force)`),
  );
}

let template: Promise<string> | undefined;

function makeTemplate(adminUrl: string): Promise<string> {
  template ??= findOrMakeTemplate(adminUrl);
  return template;
}

async function findOrMakeTemplate(adminUrl: string): Promise<string> {
  const now = new Date();
  const migrations = await readMigrations();
  const hash = createHash("sha256").update(now.toISOString().slice(0, 10)); // its partitions are of this day
  for (const migration of migrations) hash.update(migration.sql);
  const name = `pawl_template_${hash.digest("hex").slice(0, 16)}`;
  await asAdmin(adminUrl, async (client) => {
    // Test processes start together: one makes the template, the others wait.
    await client.query("select pg_advisory_lock(hashtext('pawl test template'))");
    const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
    if (rowCount === 1) return;
    const draft = `${name}_draft`;
    await client.query(`drop database if exists ${draft} with (force)`);
    await client.query(`create database ${draft}`);
    const database = openDatabase({ url: withDatabaseName(adminUrl, draft), poolSize: 1 });
    await migrate(database, migrations);
    await makePartitions(database, now);
    await database.close();
    await client.query(`alter database ${draft} rename to ${name}`);
  });
  return name;
}

async function asAdmin(adminUrl: string, step: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: adminUrl });
  await client.connect();
  try {
    await step(client);
  } finally {
    await client.end();
  }
}

function withDatabaseName(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
