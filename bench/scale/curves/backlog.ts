import type { System } from "../../system/system.ts";
import { copyRow, idAt, idFromNow } from "../copies.ts";
import { type Curve, stopNothing } from "../curve.ts";
import { makeRun } from "./make-run.ts";

const taskId = "bench.noop";
const payload = { n: 1 };
const sizes = [0, 1_000, 10_000, 100_000, 1_000_000];
const quickSizes = [0, 10_000];

/** Queued runs of another queue, which is paused. */
export const backlogElsewhere: Curve = {
  name: "backlog-paused",
  title: "Beside queued runs of a paused queue",
  unit: "runs queued in another queue, which is paused",
  sizes,
  quickSizes,
  isKept: true,
  async arrange(system, size) {
    if (size > 0) {
      await system.rows.pause();
      const spread = { queues: 1, keys: 0 };
      await system.load.call("trigger_batches", { taskId, payload, batches: 1, runsEach: 1, spread });
      await system.client.query("update queue set is_paused = true where name = 'bench-0'");
      await fill(system, "bench-0", size);
    }
    return { sinceId: idFromNow(), stop: stopNothing };
  },
};

/** Where the runs of a system begin that may execute. */
const beganAt = new WeakMap<System, string>();

/** Queued runs of the same queue, which stand before those that are triggered. */
export const backlogBefore: Curve = {
  name: "backlog",
  title: "Behind queued runs of the same queue",
  unit: "runs queued before them in the same queue",
  sizes,
  quickSizes,
  isKept: true,
  async arrange(system, size) {
    const sinceId = beganAt.get(system) ?? idFromNow();
    beganAt.set(system, sinceId);
    if (size > 0) {
      await system.rows.pause();
      await makeRun(system, taskId, payload, "queued");
      await fill(system, `task/${taskId}`, size);
    }
    return { sinceId, isBehindOthers: true, stop: stopNothing };
  },
};

/** Makes as many queued runs as are missing: copies of one that was triggered, by which claims know of their lane. */
async function fill({ client }: System, queueName: string, size: number): Promise<void> {
  const { rows } = await client.query(
    `select count(*)::int as count, (array_agg(run_id::text order by order_at desc))[1] as last
     from live_run where queue_name = $1 and state = 'queued'`,
    [queueName],
  );
  const { count, last } = rows[0];
  const numbers = { from: 1, to: size - Number(count) };
  const id = idAt(String(Date.now()), "bac");
  await client.query("set synchronous_commit = off");
  await copyRow(client, { table: "run", of: `id = '${last}'`, own: { id }, ...numbers });
  await copyRow(client, { table: "live_run", of: `run_id = '${last}'`, own: { run_id: id }, ...numbers });
  await client.query("reset synchronous_commit");
  for (const table of ["run", "live_run"]) await client.query(`vacuum analyze ${table}`);
}
