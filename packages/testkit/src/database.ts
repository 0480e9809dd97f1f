import type { TestContext } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import type { Environment } from "@pawl/server/engine/ports";
import { type Database, openDatabase } from "@pawl/server/store/db";
import { assertInvariants } from "./invariants.ts";
import { sharedPostgres } from "./shared-postgres.ts";
import { createTestDatabase, dropTestDatabase } from "./template.ts";

/** A database of a test's own, with the current schema, partitions around today, and one environment. */
export interface TestDatabase {
  readonly url: string;
  readonly database: Database;
  /** An environment `dev` of a project `proj_test`. */
  readonly environment: Environment;
  /** Has something stopped when the test ends, before the invariants are checked; what came last is stopped first. */
  onEnd(stop: () => Promise<void> | void): void;
}

/** How a test's database differs from the usual. */
export interface TestDatabaseSettings {
  /** Titles of invariants that the test breaks on purpose. */
  readonly except?: readonly string[];
  /** The most connections of the pool; default 8. */
  readonly poolSize?: number;
}

/**
 * Gives a test a database, cloned from a template, on a real Postgres. When the test ends, the invariants of `INVARIANTS.md`
 * are checked, the test fails where one is broken, and the database is dropped.
 *
 * @param t - the test
 * @param settings - what differs from the usual
 * @returns the database
 * @example
 * ```ts
 * test("a run is claimed once", async (t) => {
 *   const { database, environment } = await withDatabase(t);
 * });
 * ```
 */
export async function withDatabase(t: TestContext, settings: TestDatabaseSettings = {}): Promise<TestDatabase> {
  const adminUrl = await sharedPostgres();
  const url = await createTestDatabase(adminUrl);
  const database = openDatabase({ url, poolSize: settings.poolSize ?? 8 });
  const stops: (() => Promise<void> | void)[] = [];
  t.after(async () => {
    try {
      for (const stop of stops.reverse()) await stop();
      await assertInvariants(database, settings.except);
    } finally {
      await database.close();
      await dropTestDatabase(adminUrl, url);
    }
  });
  return { url, database, environment: await makeEnvironment(database, "dev"), onEnd: (stop) => void stops.push(stop) };
}

/**
 * Makes an environment, in a project `proj_test`.
 *
 * @param database - where
 * @param slug - its name, unique in the project
 * @returns the environment
 */
export async function makeEnvironment(database: Database, slug: string): Promise<Environment> {
  const id = newUuid();
  await database.transaction([
    {
      name: "testkit_project",
      text: "insert into project (id, ref, name) values ($1, 'proj_test', 'Test') on conflict do nothing",
      values: [newUuid()],
    },
    {
      name: "testkit_environment",
      text: `insert into environment (id, project_id, slug, type)
             select $1, id, $2, 'DEVELOPMENT' from project where ref = 'proj_test'`,
      values: [id, slug],
    },
  ]);
  const [project] = await database.query({
    name: "testkit_project_id",
    text: "select id from project where ref = 'proj_test'",
    values: [],
  });
  const facts = { projectId: String(project?.id), projectRef: "proj_test", projectName: "Test" };
  return { id, slug, type: "DEVELOPMENT", ...facts };
}
