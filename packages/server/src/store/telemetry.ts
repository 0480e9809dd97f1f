import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import type { TelemetryStore } from "../engine/ports.ts";
import { type Database, isServerError, type Rows } from "./db.ts";
import { telemetryColumns, toCopyLine } from "./telemetry-line.ts";

/** What the telemetry store needs. */
export interface TelemetrySettings {
  readonly database: Database;
  /** How much may wait to be written, in characters; default 32 million. */
  readonly maxBuffered?: number;
  readonly now?: () => number;
}

/** A telemetry store that can be closed. */
export interface ClosableTelemetryStore extends TelemetryStore {
  /** Writes what waits, and ends the connection. */
  close(): Promise<void>;
}

interface Append {
  readonly lines: string;
  resolve(): void;
  reject(error: unknown): void;
}

const maxRead = 10_000;

/** Thrown when more telemetry arrives than Postgres takes; the sender keeps it and tries again. */
export class TelemetryBacklogError extends Error {
  override readonly name = "TelemetryBacklogError";
}

/**
 * Logs and spans on Postgres, written by COPY on a connection of their own, so that runs never wait for them. What arrives while
 * one COPY is under way joins the next. An append resolves when it is durable.
 *
 * @param settings - where, and how much may wait
 * @returns the store
 */
export function createTelemetryStore(settings: TelemetrySettings): ClosableTelemetryStore {
  const { database, maxBuffered = 32_000_000, now = Date.now } = settings;
  let waiting: Append[] = [];
  let buffered = 0;
  let client: pg.Client | null = null;
  let writing: Promise<void> | null = null;

  async function connection(): Promise<pg.Client> {
    if (client !== null) return client;
    const opened = await database.connect();
    const forget = () => {
      if (client === opened) client = null;
    };
    opened.on("error", forget).on("end", forget);
    client = opened;
    return opened;
  }

  async function write(lines: string): Promise<void> {
    try {
      await copy(await connection(), lines);
    } catch (error) {
      if (!isServerError(error)) client = null;
      throw error;
    }
  }

  async function writeAll(): Promise<void> {
    while (waiting.length > 0) {
      const appends = waiting;
      waiting = [];
      try {
        await write(appends.map((append) => append.lines).join(""));
        for (const append of appends) append.resolve();
      } catch (error) {
        await writeEach(appends, error);
      }
    }
    writing = null;
  }

  /** After an error that one of them may have caused, so that the others are written. */
  async function writeEach(appends: readonly Append[], cause: unknown): Promise<void> {
    const isSplit = appends.length > 1 && isServerError(cause);
    for (const append of appends) {
      if (isSplit) await write(append.lines).then(append.resolve, append.reject);
      else append.reject(cause);
    }
  }

  return {
    append(environmentId, records) {
      if (records.length === 0) return Promise.resolve();
      if (buffered > maxBuffered) {
        return Promise.reject(new TelemetryBacklogError("Telemetry arrives faster than Postgres takes it"));
      }
      const at = now();
      const lines = records.map((record) => toCopyLine(environmentId, record, at)).join("");
      buffered += lines.length;
      const written = new Promise<void>((resolve, reject) => waiting.push({ lines, resolve, reject }));
      writing ??= writeAll();
      return written.finally(() => {
        buffered -= lines.length;
      });
    },
    async read(environmentId, runId) {
      const rows = await database.query({
        name: "telemetry_read",
        text: `select run_id, extract(epoch from at)::float8 * 1000 as at_ms, kind, attempt, span_id, parent_span_id, level, message,
                 duration_ms, is_error, attributes
               from telemetry where environment_id = $1 and run_id = $2 order by at limit ${maxRead}`,
        values: [environmentId, runId],
      });
      return rows.map(toRecord);
    },
    async close() {
      await writing;
      await client?.end();
    },
  };
}

function copy(client: pg.Client, lines: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const stream = client.query(copyFrom(`copy telemetry (${telemetryColumns}) from stdin`));
    const lost = () => reject(new Error("Connection terminated while telemetry was written"));
    client.once("end", lost);
    const settle = (step: () => void) => {
      client.removeListener("end", lost);
      step();
    };
    stream.on("error", (error) => settle(() => reject(error)));
    stream.on("finish", () => settle(resolve));
    stream.end(lines);
  });
}

function toRecord(row: Rows[number]): TelemetryRecord {
  // The casts repeat the columns' types and the table's CHECKs.
  return {
    kind: row.kind as TelemetryRecord["kind"],
    runId: row.run_id as string,
    attempt: row.attempt as number,
    atMs: row.at_ms as number,
    spanId: row.span_id as string,
    level: row.level as TelemetryRecord["level"],
    message: row.message as string,
    isError: row.is_error as boolean,
    ...(row.parent_span_id === null ? {} : { parentSpanId: row.parent_span_id as string }),
    ...(row.duration_ms === null ? {} : { durationMs: row.duration_ms as number }),
    ...(row.attributes === null ? {} : { attributes: row.attributes as string }),
  };
}
