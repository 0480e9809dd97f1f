import { copyRow, idAt, idFromNow } from "../copies.ts";
import { type Curve, stopNothing } from "../curve.ts";
import { makeRun } from "./make-run.ts";

const daySeconds = 86_400;
const hostId = "00000000-0000-7000-8000-00000000feed";

const made = new WeakMap<object, { readonly templateId: string; readonly count: number }>();

/**
 * Runs that wait for a time far away, each with a host's claim, its wait and its waitpoint: copies of one that waits. They are of a
 * host that is connected elsewhere, since a worker's processes hold a few thousand at most.
 */
export const waiting: Curve = {
  name: "waiting",
  title: "Beside runs that wait",
  unit: "runs that wait for a time far away, held by a host elsewhere",
  sizes: [0, 1_000, 10_000, 100_000],
  quickSizes: [0, 10_000],
  isKept: true,
  async arrange(system, size) {
    const { client } = system;
    if (size === 0) return { sinceId: idFromNow(), stop: stopNothing };
    await system.worker();
    await system.rows.resume();
    const payload = { seconds: daySeconds, text: "x" };
    const { templateId, count } = made.get(client) ?? {
      templateId: await makeRun(system, "bench.sleeper.a", payload, "waiting"),
      count: 1,
    };
    if (count === 1) await makeHost(client);
    const numbers = { from: count + 1, to: size };
    const nowMs = Date.now();
    const own = { run: idAt(String(nowMs), "aaa"), waitpoint: idAt(String(nowMs), "bbb") };
    const ofRun = `run_id = '${templateId}'`;
    const waitpoint = `id = (select waitpoint_id from run_wait where ${ofRun})`;
    const dueAt = "t.due_at + n * interval '1 millisecond'";
    for (const [table, of, columns] of [
      ["run", `id = '${templateId}'`, { id: own.run }],
      ["live_run", ofRun, { run_id: own.run, host_id: `'${hostId}'::uuid` }],
      ["waitpoint", waitpoint, { id: own.waitpoint, due_at: dueAt }],
      ["run_wait", ofRun, { run_id: own.run, waitpoint_id: own.waitpoint }],
    ] as const) {
      await copyRow(client, { table, of, own: columns, ...numbers });
      await client.query(`vacuum analyze ${table}`);
    }
    made.set(client, { templateId, count: size });
    return { sinceId: idFromNow(), stop: stopNothing };
  },
};

/** Its lease does not end while the bench lasts. */
async function makeHost(client: Parameters<typeof copyRow>[0]): Promise<void> {
  const own = { id: `'${hostId}'::uuid`, name: "'elsewhere'", lease_expires_at: "now() + interval '1 day'" };
  await copyRow(client, { table: "host", of: "true", own, from: 1, to: 1 });
}
