import { resolve } from "node:path";
import { z } from "zod";
import { StartError } from "./start-error.ts";

const postgresUrl = z.string().regex(/^postgres(ql)?:\/\//, "must begin with postgresql://");

// Every setting of the server: its variable, its default, and what it is for.
const settingsSchema = z.object({
  PORT: z.coerce
    .number("must be a number")
    .int()
    .min(0)
    .max(65_535)
    .default(3030)
    .describe("The port of the API; 0 takes a free one."),
  PAWL_HOST: z.string().default("127.0.0.1").describe("The address to listen on; 0.0.0.0 lets other machines in."),
  PAWL_DATA_DIR: z
    .string()
    .default(".pawl")
    .describe("The data folder: the embedded Postgres, its encryption key, and server.json."),
  DATABASE_URL: postgresUrl
    .optional()
    .describe(
      "A Postgres of your own, 15 or newer; without it one is started from npm, with its data in the data folder.",
    ),
  DATABASE_DIRECT_URL: postgresUrl
    .optional()
    .describe("The same Postgres without a pooler between, for LISTEN; default: DATABASE_URL."),
  PAWL_DATABASE_POOL_SIZE: z.coerce
    .number("must be a number")
    .int()
    .min(2)
    .max(500)
    .default(10)
    .describe("The most connections to Postgres, besides three for telemetry, LISTEN and migrations."),
  PAWL_ENCRYPTION_KEY: z
    .string()
    .optional()
    .describe("32 bytes in hex or base64 that encrypt secrets; required with DATABASE_URL, else made on first start."),
});

/** The settings of a server. */
export interface ServerSettings {
  /** 0 takes a free port. */
  readonly port: number;
  readonly host: string;
  /** Absolute. */
  readonly dataDir: string;
  /** Null: the embedded Postgres. */
  readonly databaseUrl: string | null;
  readonly databaseDirectUrl: string | null;
  readonly databasePoolSize: number;
  readonly encryptionKey: string | null;
}

/**
 * Reads the server's settings. An empty variable counts as none.
 *
 * @param env - environment variables; a caller's own options go in under the same names
 * @returns the settings, defaults filled in
 * @throws StartError that names the variable and what is wrong with it
 * @example
 * ```ts
 * const settings = readServerSettings({ ...process.env, PORT: "0" });
 * ```
 */
export function readServerSettings(env: Readonly<Record<string, string | undefined>>): ServerSettings {
  const given = Object.entries(env).filter(([, value]) => value !== undefined && value !== "");
  const parsed = settingsSchema.safeParse(Object.fromEntries(given));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new StartError(`The setting ${issue?.path.join(".")} can't be read: ${issue?.message}.`);
  }
  const settings = parsed.data;
  return {
    port: settings.PORT,
    host: settings.PAWL_HOST,
    dataDir: resolve(settings.PAWL_DATA_DIR),
    databaseUrl: settings.DATABASE_URL ?? null,
    databaseDirectUrl: settings.DATABASE_DIRECT_URL ?? null,
    databasePoolSize: settings.PAWL_DATABASE_POOL_SIZE,
    encryptionKey: settings.PAWL_ENCRYPTION_KEY ?? null,
  };
}

/**
 * Lists the server's settings, for help texts.
 *
 * @returns each variable with its sentence
 */
export function listServerSettings(): readonly { readonly variable: string; readonly sentence: string }[] {
  return Object.entries(settingsSchema.shape).map(([variable, schema]) => ({
    variable,
    sentence: schema.description ?? "",
  }));
}
