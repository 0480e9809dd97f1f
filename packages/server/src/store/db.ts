import { moments } from "@pawl/contract/moments";
import pg from "pg";

/** One SQL statement, prepared under its name on each connection. */
export interface Statement {
  /** Unique in the program, at most 63 characters; names the prepared statement. */
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** The rows that a statement returned, as objects by column name. */
export type Rows = readonly Record<string, unknown>[];

/** Access to Postgres for the modules of the store. */
export interface Database {
  /**
   * Runs statements as one transaction and in one round trip. Each sees what committed before it began, so that a statement
   * after one that takes a lock decides on what the lock protects. The first error rolls everything back and is thrown.
   */
  transaction(statements: readonly Statement[]): Promise<readonly Rows[]>;
  /** Runs one statement as a transaction of its own. */
  query(statement: Statement): Promise<Rows>;
  /** A connection outside the pool, for LISTEN and COPY; the caller ends it. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
}

/** How to reach Postgres. */
export interface DatabaseSettings {
  readonly url: string;
  /** The most connections of the pool. */
  readonly poolSize: number;
  /** Told of connections lost while idle; the pool replaces them by itself. */
  readonly onConnectionError?: (error: Error) => void;
}

// The tables of live runs swing between empty and millions of rows faster than statistics follow, and every hot statement has
// its index: so plans are made once, never by scanning a table, and a connection does not outlive a few minutes.
/** What each connection of the pool is set to, as statements. */
export const sessionSettings =
  "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; " +
  "set enable_mergejoin = off; set jit = off";
const connectionLifeSeconds = 300;

/**
 * Opens a pool of connections. Nothing is connected before the first statement.
 *
 * @param settings - where Postgres is and how many connections to use
 * @returns the database
 */
export function openDatabase(settings: DatabaseSettings): Database {
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.poolSize,
    min: 0,
    idleTimeoutMillis: 60_000,
    maxLifetimeSeconds: connectionLifeSeconds,
    connectionTimeoutMillis: 10_000,
    application_name: "pawl",
    pipeline: true,
  } as pg.PoolConfig); // "pipeline" is newer than the type package
  pool.on("error", (error) => settings.onConnectionError?.(error));
  pool.on("connect", (client) => {
    client.on("error", () => undefined); // a query in flight carries the error; without one the pool tells of it
    client.query(sessionSettings).catch(() => undefined);
  });
  return {
    async transaction(statements) {
      const client = await pool.connect();
      let failure: Error | undefined;
      try {
        moments.statementsSent.publish(statements);
        const sent = [
          client.query({ name: "begin", text: "begin" }),
          ...statements.map((statement) => send(client, statement)),
          client.query({ name: "commit", text: "commit" }),
        ];
        const settled = await Promise.allSettled(sent);
        for (const result of settled) {
          if (result.status === "rejected") throw result.reason;
        }
        moments.statementsAnswered.publish(statements);
        return settled.slice(1, -1).map((result) => (result.status === "fulfilled" ? result.value.rows : []));
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
        throw failure;
      } finally {
        client.release(failure !== undefined && !isServerError(failure));
      }
    },
    async query(statement) {
      const client = await pool.connect();
      let failure: unknown;
      try {
        return (await send(client, statement)).rows;
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        client.release(failure !== undefined && !isServerError(failure));
      }
    },
    async connect() {
      const client = new pg.Client({ connectionString: settings.url, application_name: "pawl" });
      await client.connect();
      return client;
    },
    close: () => pool.end(),
  };
}

function send(client: pg.PoolClient, statement: Statement): Promise<pg.QueryResult> {
  return client.query({ name: statement.name, text: statement.text, values: [...statement.values] });
}

/**
 * Tells an error that Postgres answered with from one of the connection.
 *
 * @param error - what a statement threw
 * @returns whether the connection is still good
 */
export function isServerError(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  // 57P0x: the server is shutting down, crashed or is starting; 08…: the connection itself.
  return !(error.code?.startsWith("57P0") || error.code?.startsWith("08"));
}

/**
 * Tells whether a statement failed because a key that must be unique exists.
 *
 * @param error - what the statement threw
 * @returns whether it did
 */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof pg.DatabaseError && error.code === "23505";
}

/**
 * Writes ids or numbers as a Postgres array literal, without the cost of escaping what needs none.
 *
 * @param values - UUIDs, numbers or booleans; null stays null
 * @returns the literal, to be passed with a cast such as `$1::uuid[]`
 */
export function plainArray(values: readonly (string | number | boolean | null)[]): string {
  return `{${values.map((value) => value ?? "NULL").join(",")}}`;
}

/**
 * Writes texts as a Postgres array literal.
 *
 * @param values - any texts; null stays null
 * @returns the literal, to be passed with a cast such as `$1::text[]`
 */
export function textArray(values: readonly (string | null)[]): string {
  let literal = "{";
  for (const [index, value] of values.entries()) {
    if (index > 0) literal += ",";
    if (value === null) literal += "NULL";
    else literal += `"${/["\\]/.test(value) ? value.replace(/["\\]/g, "\\$&") : value}"`;
  }
  return `${literal}}`;
}
