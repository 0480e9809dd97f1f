import type { Service } from "../engine/service.ts";
import type { Database } from "./db.ts";
import { makePartitions } from "./partitions.ts";

/** The most request keys that one transaction forgets. */
const forgetSize = 5_000;

/** What housekeeping needs. */
export interface HousekeepingSettings {
  readonly database: Database;
  /** How often it looks, in milliseconds; default: an hour. */
  readonly everyMs?: number;
  readonly now?: () => Date;
  readonly onError: (error: unknown) => void;
}

/**
 * Makes the service that keeps partitions ahead of time and forgets request keys that no client repeats any more. A round that
 * fails is told of and tried again with the next.
 *
 * @param settings - where, how often, and who is told of failures
 * @returns the service, not yet started
 */
export function createHousekeeping(settings: HousekeepingSettings): Service {
  const { database, everyMs = 3_600_000, now = () => new Date(), onError } = settings;
  let timer: NodeJS.Timeout | undefined;
  let round: Promise<void> = Promise.resolve();
  async function runOnce(): Promise<void> {
    await makePartitions(database, now());
    while ((await forgetRequestKeys(database)) === forgetSize);
  }
  return {
    start() {
      timer ??= setInterval(() => {
        round = runOnce().catch(onError);
      }, everyMs).unref();
    },
    async stop() {
      clearInterval(timer);
      timer = undefined;
      await round;
    },
    runOnce,
  };
}

/** Deletes a page of expired keys; keys that another server deletes are skipped. Locks: the deleted rows. */
async function forgetRequestKeys(database: Database): Promise<number> {
  const rows = await database.query({
    name: "request_keys_forget",
    text: `
      with expired as (
        select environment_id, key from request_key where expires_at < now() limit ${forgetSize} for update skip locked
      )
      delete from request_key k using expired e where k.environment_id = e.environment_id and k.key = e.key
      returning 1`,
    values: [],
  });
  return rows.length;
}
