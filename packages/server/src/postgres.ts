import { join } from "node:path";
import type { ServerSettings } from "./config.ts";
import { StartError } from "./start-error.ts";
import { type Database, openDatabase } from "./store/db.ts";
import { startEmbeddedPostgres } from "./store/embedded/embedded-postgres.ts";
import { findOrMakeKeyFile, parseEncryptionKey } from "./store/secrets.ts";

/** The Postgres that a server uses. */
export interface Postgres {
  readonly url: string;
  /** Where LISTEN works; null: no other server can be there, so nothing has to be heard. */
  readonly directUrl: string | null;
  readonly encryptionKey: Buffer;
  stop(): Promise<void>;
}

/**
 * Starts the embedded Postgres, or finds the one that the settings name.
 *
 * @param settings - of the server
 * @param onMessage - told when an embedded Postgres is started again
 * @returns where it is, and the key of its secrets
 * @throws StartError when it can't be used
 */
export async function findPostgres(settings: ServerSettings, onMessage: (message: string) => void): Promise<Postgres> {
  const key = settings.encryptionKey === null ? null : parseEncryptionKey(settings.encryptionKey);
  if (settings.databaseUrl === null) {
    const embedded = await startEmbeddedPostgres({ dataDir: settings.dataDir, onRestart: onMessage });
    const encryptionKey = key ?? (await findOrMakeKeyFile(join(settings.dataDir, "encryption-key")));
    return { url: embedded.url, directUrl: null, encryptionKey, stop: () => embedded.stop() };
  }
  if (key === null) {
    throw new StartError(
      "DATABASE_URL needs PAWL_ENCRYPTION_KEY, which encrypts the secrets in that database: make one with `openssl rand -hex 32` and keep it.",
    );
  }
  const directUrl = settings.databaseDirectUrl ?? settings.databaseUrl;
  return { url: settings.databaseUrl, directUrl, encryptionKey: key, stop: () => Promise.resolve() };
}

/**
 * Opens the database and proves that it answers.
 *
 * @param postgres - where it is
 * @param poolSize - the most connections
 * @param onMessage - told of connections that are lost while idle
 * @returns the database
 * @throws StartError when it does not answer
 */
export async function reachDatabase(
  postgres: Postgres,
  poolSize: number,
  onMessage: (message: string) => void,
): Promise<Database> {
  let isClosing = false;
  const opened = openDatabase({
    url: postgres.url,
    poolSize,
    onConnectionError: (error) => isClosing || onMessage(`A connection to Postgres was lost: ${error.message}`),
  });
  const database: Database = {
    ...opened,
    close() {
      isClosing = true; // the server may end before the last connection has
      return opened.close();
    },
  };
  try {
    await database.query({ name: "main_reach", text: "select 1", values: [] });
    return database;
  } catch (error) {
    await database.close();
    const { host, pathname } = new URL(postgres.url); // without its user and password
    throw new StartError(
      `Postgres at ${host}${pathname} does not let the server in (${reason(error)}): start it, or correct DATABASE_URL.`,
      { cause: error },
    );
  }
}

function reason(error: unknown): string {
  if (error instanceof AggregateError) return reason(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
