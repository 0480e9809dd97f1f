import type { Database } from "../db.ts";
import { lowestUuidAt } from "../partitions.ts";

/** How long a stream is kept after it was made, at least, in milliseconds; its run may still go on then, and keeps it. */
const keptMs = 28 * 24 * 3_600_000;

/** The most streams that one transaction forgets. */
const forgetSize = 5_000;

/**
 * Forgets the streams of weeks in which none was made that is to be kept, and drops their chunks, whole partitions of them.
 * Locks: the partition, for at most a second: what is in use is dropped the next time.
 *
 * @param database - where
 * @param now - the time to go by
 * @returns names of the partitions that were dropped
 */
export async function forgetStreams(database: Database, now: Date): Promise<readonly string[]> {
  const old = await database.query({
    name: "streams_find_old",
    text: `
      select child.oid::regclass::text as name, substring(pg_get_expr(child.relpartbound, child.oid) from $$TO \\('([^']+)'\\)$$) as ends_at
      from pg_inherits i join pg_class child on child.oid = i.inhrelid
      where i.inhparent in ('stream_chunk'::regclass, 'stream_writer'::regclass)`,
    values: [],
  });
  const end = lowestUuidAt(now.getTime() - keptMs);
  const dropped: string[] = [];
  for (const row of old.filter((one) => String(one.ends_at) <= end)) {
    if (await isInUse(database, String(row.ends_at))) continue;
    while ((await forgetPage(database, String(row.ends_at))) === forgetSize);
    if (await drop(database, String(row.name))) dropped.push(String(row.name));
  }
  return dropped;
}

/** Whether a run goes on that has a stream from before. */
async function isInUse(database: Database, end: string): Promise<boolean> {
  const rows = await database.query({
    name: "streams_find_in_use",
    text: `
      select from stream s join live_run l on l.environment_id = s.environment_id and l.run_id = s.run_id
      where s.id < $1::uuid limit 1`,
    values: [end],
  });
  return rows.length > 0;
}

async function drop(database: Database, name: string): Promise<boolean> {
  const client = await database.connect();
  client.on("error", () => undefined); // the statement in flight carries it
  try {
    await client.query("set lock_timeout = '1s'");
    await client.query(`drop table if exists ${name}`);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "55P03") return false; // somebody reads it
    throw error;
  } finally {
    await client.end();
  }
}

async function forgetPage(database: Database, end: string): Promise<number> {
  const rows = await database.query({
    name: "streams_forget",
    text: `
      with old as (select s.ctid from stream s where s.id < $1::uuid limit ${forgetSize} for update skip locked)
      delete from stream s using old where s.ctid = old.ctid and s.id < $1::uuid
      returning 1`,
    values: [end],
  });
  return rows.length;
}
