import { setTimeout as delay } from "node:timers/promises";
import type { CpuTimes } from "../system/cpu-time.ts";
import { environmentSlug } from "../system/server.ts";
import type { System } from "../system/system.ts";
import { idFromNow } from "./copies.ts";
import type { Scene } from "./curve.ts";

/** The parts of the system that a run costs something. */
export const costParts = ["server", "postgres", "host", "run processes"] as const;

/** What a run costs, and how many finish. */
export interface Cost {
  /** Processor time for a run, from its trigger to its end, in microseconds. */
  readonly cpuUs: Readonly<Record<(typeof costParts)[number], number>>;
  /** Finished runs per second, from the moment they may be claimed. */
  readonly perSecond: number;
}

/**
 * The processor time of all parts.
 *
 * @param cost - of a run
 * @returns microseconds
 */
export function totalOf({ cpuUs }: Cost): number {
  return costParts.reduce((sum, part) => sum + cpuUs[part], 0);
}

const task = { taskId: "bench.noop", payload: { n: 1 } };
const runsEach = 1_000;
const pollMs = 25;
const environment = `(select id from environment where slug = '${environmentSlug}')`;
const timeoutMs = 120_000;

/**
 * Queues no-op runs while their environment is paused, lets them be claimed, and waits until so many have finished. What the load uses is not counted, nor what Postgres needs to write out what it holds.
 *
 * @param system - what is measured
 * @param scene - in which
 * @param runs - how many, in thousands
 * @returns the cost; the runs are gone again
 */
export async function costOfRuns(system: System, scene: Scene, runs: number): Promise<Cost> {
  const { rows, load } = system;
  const { spread } = scene;
  await rows.pause();
  const sinceId = scene.isBehindOthers === true ? scene.sinceId : idFromNow();
  const start = await cpuNow(system);
  await load.call("trigger_batches", { ...task, ...(spread && { spread }), runsEach, batches: runs / runsEach });
  const queued = await cpuNow(system);
  const isOver = await endOf(system, scene, sinceId, runs);
  await rows.settle();
  const before = await cpuNow(system);
  const resumedAtMs = await rows.resume();
  // The dispatcher looks at the queues again when a run is queued behind others.
  await load.call("trigger_batches", { ...task, ...(spread && { spread }), runsEach: 1, batches: 1 });
  await poll(isOver);
  if (scene.isBehindOthers === true) await stopHere(system);
  const after = await cpuNow(system);
  const { count, lastAtMs } = await finishedSince(system, sinceId, resumedAtMs);
  await forget(system, scene.sinceId);
  const perRun = (part: (typeof costParts)[number]) =>
    1_000 * ((queued[part] - start[part]) / runs + (after[part] - before[part]) / count);
  const cpuUs = Object.fromEntries(costParts.map((part) => [part, perRun(part)])) as Cost["cpuUs"]; // has all parts
  return { cpuUs, perSecond: (count / (lastAtMs - resumedAtMs)) * 1_000 };
}

async function cpuNow(system: System): Promise<CpuTimes> {
  const times = await system.cpuTimes();
  if (times === null) throw new Error("Processor time can only be read where there is /proc.");
  return times;
}

/** Whether the last of the runs has finished; behind others: that of their number which is the first to be claimed. */
async function endOf({ client }: System, { isBehindOthers }: Scene, sinceId: string, runs: number) {
  if (isBehindOthers !== true) {
    const text = `select not exists (select from live_run where environment_id = ${environment} and run_id >= $1) as is_over`;
    return async () => (await client.query(text, [sinceId])).rows[0]?.is_over === true;
  }
  const { rows } = await client.query(
    `select run_id from live_run where environment_id = ${environment} and queue_name = $1 and order_at is not null
     order by order_at, run_id offset $2 limit 1`,
    [`task/${task.taskId}`, runs - 1],
  );
  const text = `select outcome is not null as is_over from run where environment_id = ${environment} and id = $1`;
  return async () => (await client.query(text, [rows[0]?.run_id])).rows[0]?.is_over === true;
}

/** Keeps all others in their queue, and waits for those that execute. */
async function stopHere({ rows, client }: System): Promise<void> {
  await rows.pause();
  await poll(async () => {
    const { rows: found } = await client.query("select not exists (select from live_run where holds_slot) as is_over");
    return found[0]?.is_over === true;
  });
}

async function poll(isOver: () => Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  while (!(await isOver())) {
    if (performance.now() > deadlineMs) throw new Error(`Runs have not finished after ${timeoutMs / 1_000} s.`);
    await delay(pollMs);
  }
}

async function finishedSince({ client }: System, sinceId: string, atMs: number) {
  const { rows } = await client.query(
    `select count(*)::int as count, count(*) filter (where outcome = 'completed')::int as completed,
            extract(epoch from max(finished_at))::float8 * 1000 as last, min(error) as error
     from run where environment_id = ${environment} and id >= $1 and finished_at >= to_timestamp($2::float8 / 1000)`,
    [sinceId, atMs],
  );
  const { count, completed, last, error } = rows[0];
  if (count === 0 || completed !== count) throw new Error(`${completed} of ${count} runs have completed: ${error}`);
  return { count: Number(count), lastAtMs: Number(last) };
}

/** The next sample begins with the same history as this one. */
async function forget({ client }: System, sinceId: string): Promise<void> {
  await client.query(`delete from run where environment_id = ${environment} and id >= $1 and outcome is not null`, [
    sinceId,
  ]);
  await client.query("vacuum run");
}
