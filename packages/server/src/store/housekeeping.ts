import type { Service } from "../engine/service.ts";
import { forgetBlobs } from "./blobs.ts";
import type { Database, Statement } from "./db.ts";
import { forgetLoginRequests } from "./login-requests.ts";
import { makePartitions } from "./partitions.ts";
import { lockEnvironment } from "./runs/claim.ts";
import { isPushable } from "./runs/debounce.ts";
import { forgetEndHooks } from "./runs/end-hooks.ts";
import { forgetFires } from "./schedules/forget-fires.ts";
import { forgetStreams } from "./streams/forget-streams.ts";
import { forgetUsedTokens } from "./used-tokens.ts";
import { forgetWaitpoints } from "./waits/forget-waitpoints.ts";

/** The most rows that one transaction forgets. */
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
 * Makes the service that keeps partitions ahead of time and forgets what has no use any more: keys that have expired, waits
 * that are over, lanes that have long been empty, buckets that have long been full, words for claims that no claim will read. A round that fails is told of and tried again with the next.
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
    for (const statement of [
      forgetRequestKeys(),
      forgetIdempotencyKeys(),
      forgetDebounces(),
      forgetWords(),
      forgetUsedTokens(forgetSize),
      forgetLoginRequests(forgetSize),
      forgetBlobs(forgetSize),
      forgetFires(forgetSize),
      forgetEndHooks(forgetSize),
    ]) {
      while ((await database.query(statement)).length === forgetSize);
    }
    await forgetWaitpoints(database);
    await forgetStreams(database, now());
    await forgetUnderLock(database, "lanes", oldLanes);
    await forgetUnderLock(database, "buckets", fullBuckets);
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
function forgetRequestKeys(): Statement {
  return {
    name: "request_keys_forget",
    text: `
      with expired as (
        select environment_id, key from request_key where expires_at < now() limit ${forgetSize} for update skip locked
      )
      delete from request_key k using expired e where k.environment_id = e.environment_id and k.key = e.key
      returning 1`,
    values: [],
  };
}

/** As {@link forgetRequestKeys}. */
function forgetIdempotencyKeys(): Statement {
  return {
    name: "idempotency_keys_forget",
    text: `
      with expired as (
        select environment_id, task_id, key from idempotency_key where expires_at < now()
        limit ${forgetSize} for update skip locked
      )
      delete from idempotency_key k using expired e
      where k.environment_id = e.environment_id and k.task_id = e.task_id and k.key = e.key
      returning 1`,
    values: [],
  };
}

/** Deletes a page of debounce keys whose run is no longer delayed; keys that a trigger has are skipped. Locks: the deleted rows. */
function forgetDebounces(): Statement {
  return {
    name: "debounces_forget",
    text: `
      with stale as (
        select d.environment_id, d.task_id, d.key from debounce d
        where d.first_at < now() - interval '1 minute' and not exists (
          select from live_run l where l.environment_id = d.environment_id and l.run_id = d.run_id and ${isPushable}
        )
        limit ${forgetSize} for update of d skip locked
      )
      delete from debounce d using stale s
      where d.environment_id = s.environment_id and d.task_id = s.task_id and d.key = s.key
      returning 1`,
    values: [],
  };
}

/** Deletes a page of words that came too late to be read by a claim; what they told the sweep has seen. Locks: the deleted rows. */
function forgetWords(): Statement {
  return {
    name: "lane_words_forget",
    text: `
      delete from lane_wake w
      where w.ctid = any (array(
        select unread.ctid
        from (select environment_id, max(woken_from) as woken_from from dispatch group by 1) d
        join lane_wake unread on unread.environment_id = d.environment_id
          and unread.at < least(d.woken_from, now() - interval '1 hour')
        limit ${forgetSize} for update of unread skip locked
      ))
      returning 1`,
    values: [],
  };
}

/** Rows that are forgotten, as SQL. */
interface Forgotten {
  readonly table: string;
  readonly condition: string;
}

/** Lanes in which nothing was queued for an hour; they are made again when something is. */
const oldLanes: Forgotten = {
  table: "lane",
  condition: "standing = 'empty' and greatest(served_at, head_at) < now() - interval '1 hour'",
};

/** Buckets that have been full for an hour: one that is missing is full, too. */
const fullBuckets: Forgotten = { table: "rate_bucket", condition: "full_at < now() - interval '1 hour'" };

/** Deletes rows that only a transaction with the environment's lock may write, a page at a time: claims wait for that lock. */
async function forgetUnderLock(database: Database, name: string, { table, condition }: Forgotten): Promise<void> {
  const environments = await database.query({
    name: `${name}_find_old`,
    text: `select distinct environment_id from ${table} where ${condition}`,
    values: [],
  });
  for (const row of environments) {
    const environmentId = String(row.environment_id);
    const forgetPage: Statement = {
      name: `${name}_forget`,
      text: `
        delete from ${table} where ctid = any (array(
          select ctid from ${table} where environment_id = $1::uuid and ${condition} limit ${forgetSize}
        ))
        returning 1`,
      values: [environmentId],
    };
    while ((await database.transaction([lockEnvironment(environmentId), forgetPage])).at(-1)?.length === forgetSize);
  }
}
