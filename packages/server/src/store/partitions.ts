import type { Database } from "./db.ts";

const dayMs = 24 * 3_600_000;
const weekMs = 7 * dayMs;
const mondayMs = 4 * dayMs; // 1970-01-05, the first Monday of the epoch

/** Tables whose rows lie in partitions of a week, by a UUID of version 7. */
const weekly = ["run", "stream_chunk", "stream_writer"] as const;

type Partitioned = (typeof weekly)[number] | "telemetry";

/** A partition that should exist. */
interface Partition {
  readonly name: string;
  readonly parent: Partitioned;
  readonly from: string;
  readonly to: string;
}

/**
 * Makes the partitions that rows of the next seven days go to, and those just before, for rows that come late. What exists stays.
 *
 * A partition is made beside its table and attached then, which blocks nobody who reads or writes.
 *
 * @param database - where
 * @param now - the time to go by
 * @returns names of the partitions that were made
 */
export async function makePartitions(database: Database, now: Date): Promise<readonly string[]> {
  const client = await database.connect();
  client.on("error", () => undefined); // the statement in flight carries it
  try {
    await client.query("begin");
    // Two servers would make the same partition: the second waits here, and then finds it.
    await client.query("select pg_advisory_xact_lock(hashtext('pawl partitions'))");
    const { rows } = await client.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = any ($1::regclass[])",
      [[...weekly, "telemetry"]],
    );
    const missing = partitionsAround(now).filter((partition) => !rows.some((row) => row.name === partition.name));
    for (const { name, parent, from, to } of missing) {
      const isUpdated = parent === "run" || parent === "stream_writer";
      const fillfactor = isUpdated ? "with (fillfactor = 70)" : "";
      await client.query(`create table ${name} (like ${parent} including all) ${fillfactor}`);
      await client.query("select sample_little($1)", [name]);
      await client.query(`alter table ${parent} attach partition ${name} for values from ('${from}') to ('${to}')`);
    }
    await client.query("commit");
    return missing.map((partition) => partition.name);
  } finally {
    await client.end(); // ends a transaction that failed, too
  }
}

function partitionsAround(now: Date): readonly Partition[] {
  const partitions: Partition[] = [];
  const week = Math.floor((now.getTime() - mondayMs) / weekMs);
  for (let i = week - 1; i <= week + 1; i++) {
    for (const parent of weekly) partitions.push(weekPartition(parent, mondayMs + i * weekMs));
  }
  const day = Math.floor(now.getTime() / dayMs);
  for (let i = day - 1; i <= day + 7; i++) partitions.push(telemetryPartition(i * dayMs));
  return partitions;
}

function weekPartition(parent: (typeof weekly)[number], startMs: number): Partition {
  return {
    name: `${parent}_${dateName(startMs)}`,
    parent,
    from: lowestUuidAt(startMs),
    to: lowestUuidAt(startMs + weekMs),
  };
}

function telemetryPartition(startMs: number): Partition {
  return {
    name: `telemetry_${dateName(startMs)}`,
    parent: "telemetry",
    from: new Date(startMs).toISOString(),
    to: new Date(startMs + dayMs).toISOString(),
  };
}

function dateName(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10).replaceAll("-", "");
}

/**
 * The bound below every UUID of version 7 that was made at a time or later.
 *
 * @param atMs - the time, in milliseconds since 1970
 * @returns the bound, in the form of a UUID
 */
export function lowestUuidAt(atMs: number): string {
  const hex = atMs.toString(16).padStart(12, "0");
  return `${hex.slice(0, 8)}-${hex.slice(8)}-0000-0000-000000000000`;
}
