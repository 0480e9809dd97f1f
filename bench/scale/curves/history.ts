import pg from "pg";
import type { System } from "../../system/system.ts";
import { copyRow, idAt, idFromNow } from "../copies.ts";
import { type Curve, stopNothing } from "../curve.ts";
import { makeRun } from "./make-run.ts";
import { makeWeeks } from "./weeks.ts";

const weekMs = 7 * 24 * 3_600_000;
const weeks = 8;
const connections = 2;
const runsToRead = 50;

/** What a system has by now. */
interface Made {
  readonly templateId: string;
  readonly count: number;
}

const made = new WeakMap<System, Made>();

/** Finished runs of eight weeks up to now, as many in each; each week has a partition, as the product makes them. */
export const history: Curve = {
  name: "history",
  title: "Beside finished runs",
  unit: "finished runs of the last eight weeks",
  sizes: [1_000, 10_000, 100_000, 1_000_000, 10_000_000],
  quickSizes: [1_000, 100_000],
  isKept: true,
  async arrange(system, size) {
    const { templateId, count } = made.get(system) ?? (await begin(system));
    const toRead = await addRuns(system, templateId, count + 1, size);
    made.set(system, { templateId, count: size });
    await system.client.query("vacuum analyze run");
    return { sinceId: idFromNow(), toRead, stop: stopNothing };
  },
};

async function begin(system: System): Promise<Made> {
  await makeWeeks(system, weeks);
  await system.worker();
  await system.rows.resume();
  return { templateId: await makeRun(system, "bench.noop", { n: 1 }, "finished"), count: 0 };
}

/** Makes the runs, and answers some of their ids. */
async function addRuns(system: System, templateId: string, first: number, last: number): Promise<readonly string[]> {
  const count = last - first + 1;
  const startMs = Date.now() - weeks * weekMs;
  // As many in each week, in the order of their time; the newest are a minute old.
  const atMs = `(${startMs} + (n - ${first})::float8 * ${weeks * weekMs - 60_000} / ${count})`;
  const id = idAt(atMs, "abc");
  const time = (afterMs: number) => `to_timestamp((${atMs} + ${afterMs}) / 1000)`;
  const own = { id, created_at: time(0), started_at: time(5), finished_at: time(8) };
  const share = Math.ceil(count / connections);
  await Promise.all(
    Array.from({ length: connections }, async (_, index) => {
      const from = first + index * share;
      const client = new pg.Client(await system.database("postgres"));
      await client.connect();
      await client.query("set synchronous_commit = off");
      await copyRow(client, {
        table: "run",
        of: `id = '${templateId}'`,
        own,
        from,
        to: Math.min(last, from + share - 1),
      });
      await client.end();
    }),
  );
  const { rows } = await system.client.query(
    `select ${id}::text as id from (select ${first} + k * ${Math.floor(count / runsToRead)} as n from generate_series(0, ${runsToRead - 1}) k) picked`,
  );
  return rows.map((row) => String(row.id));
}
