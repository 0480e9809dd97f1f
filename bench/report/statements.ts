import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { System } from "../system/system.ts";

/**
 * Writes which statements Postgres spent its time on, those of the bench left out, as `statements.txt`.
 *
 * @param system - what was measured
 * @param dir - the folder to write to
 */
export async function writeStatements({ client }: System, dir: string): Promise<void> {
  const { rows } = await client.query(
    `select round(total_exec_time::numeric, 1) as total_ms, round(mean_exec_time::numeric, 3) as mean_ms, calls, rows,
            shared_blks_hit, wal_bytes, left(regexp_replace(query, '\\s+', ' ', 'g'), 160) as query
     from pg_stat_statements
     where userid <> (select oid from pg_roles where rolname = current_user)
     order by total_exec_time desc limit 40`,
  );
  const lines = rows.map((row) => Object.values(row).join("\t"));
  await mkdir(dir, { recursive: true });
  await writeFile(
    join(dir, "statements.txt"),
    `${["total ms\tmean ms\tcalls\trows\tblocks hit\tWAL bytes\tquery", ...lines].join("\n")}\n`,
  );
}
