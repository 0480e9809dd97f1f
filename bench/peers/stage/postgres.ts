import { globSync } from "node:fs";
import { join } from "node:path";
import { startEmbeddedPostgres } from "@pawl/server/store/embedded/embedded-postgres";
import pg from "pg";
import { benchRole } from "../../system/postgres.ts";

/** The Postgres of a measurement: one cluster, in which each contender has databases of its own. */
export interface StagePostgres {
  readonly version: string;
  /** What it is set to beyond its defaults. */
  readonly settings: readonly string[];
  /** Makes a database. @returns its URL for a contender */
  makeDatabase(name: string): Promise<string>;
  /** Lets go of a database; whoever is connected is cut off. */
  dropDatabase(name: string): Promise<void>;
  /** Settings for a connection of the bench's own role, whose statements are not counted. */
  connectionTo(name: string): pg.ClientConfig;
  /** Statements that anybody but the bench has sent to a database. */
  countStatements(name: string): Promise<number>;
  /** Tidies a database up after a load, as autovacuum would in time, and writes out what it holds. */
  vacuum(name: string): Promise<void>;
  stop(): Promise<void>;
}

const settings = ["shared_buffers=512MB", "max_connections=800"];
/** A path too long for a socket: so it listens on the loopback device, with a password, which every driver can reach. */
const longName = "postgres-".padEnd(110, "0123456789");

/**
 * Starts a Postgres with fresh data, durable as its defaults are: Debian's where it is installed, else the one that comes with Pawl.
 *
 * @param dir - where its data goes
 * @returns the Postgres
 */
export async function startStagePostgres(dir: string): Promise<StagePostgres> {
  const [initdb] = globSync("/usr/lib/postgresql/*/bin/initdb").sort().reverse();
  const binaries =
    initdb === undefined
      ? {}
      : { binaries: { initdb, postgres: join(initdb, "../postgres"), localeArgs: ["--locale=C.UTF-8"] } };
  const postgres = await startEmbeddedPostgres({ dataDir: join(dir, longName), settings, ...binaries });
  const admin = new pg.Pool({ connectionString: postgres.url, max: 2 });
  admin.on("error", () => undefined); // when the bench is ended early; a statement that fails tells its caller
  await admin.query(`create role ${benchRole} superuser login password '${passwordOf(postgres.url)}'`);
  await admin.query("create extension pg_stat_statements");
  const { rows } = await admin.query("show server_version");
  const urlOf = (name: string) => Object.assign(new URL(postgres.url), { pathname: name }).href;
  return {
    version: String(rows[0]?.server_version),
    settings,
    async makeDatabase(name) {
      await admin.query(`create database ${pg.escapeIdentifier(name)}`);
      await admin.query("checkpoint");
      return urlOf(name);
    },
    async dropDatabase(name) {
      if (admin.ending) return; // it goes with all the others
      await admin.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    },
    connectionTo: (name) => ({
      connectionString: Object.assign(new URL(urlOf(name)), { username: benchRole }).href,
      application_name: benchRole,
    }),
    async countStatements(name) {
      const { rows: counted } = await admin.query(
        `select coalesce(sum(calls), 0) as calls from pg_stat_statements
         where dbid = (select oid from pg_database where datname = $1)
           and userid <> (select oid from pg_roles where rolname = $2)`,
        [name, benchRole],
      );
      return Number(counted[0]?.calls);
    },
    async vacuum(name) {
      const client = new pg.Client({ connectionString: urlOf(name) });
      await client.connect();
      await client.query("vacuum analyze");
      await client.query("checkpoint");
      await client.end();
    },
    async stop() {
      await admin.end();
      await postgres.stop();
    },
  };
}

function passwordOf(url: string): string {
  return decodeURIComponent(new URL(url).password);
}
