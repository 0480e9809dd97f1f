import { type ClaimStage, claimOneByOne, idOfNumber, makeClaimStage } from "./claim-stage.ts";
import type { Measure } from "./measure.ts";
import { median } from "./statistics.ts";

const claims = 400;
const warmUp = 50;
const paused = 1_000_000;
const finished = 2_000_000;

/** Claims of one run on an empty store, and again with 1,000,000 runs queued in a paused queue and 2,000,000 finished ones. */
export const claimBesideMany: Measure = {
  gives: ["claim_empty_p50_ms", "claim_beside_many_p50_ms", "claim_beside_many_ratio"],
  isOnce: true,
  async sample(system) {
    const stage = await makeClaimStage(system);
    try {
      await claimOneByOne(stage, warmUp);
      const empty = median(await claimOneByOne(stage, claims));
      await fill(stage);
      await system.rows.settle();
      await claimOneByOne(stage, warmUp);
      const beside = median(await claimOneByOne(stage, claims));
      return { claim_empty_p50_ms: empty, claim_beside_many_p50_ms: beside, claim_beside_many_ratio: beside / empty };
    } finally {
      await stage.close();
    }
  },
};

async function fill(stage: ClaimStage): Promise<void> {
  const e = `'${stage.environmentId}'::uuid`;
  const runColumns = "environment_id, id, task_id, queue_name, payload, payload_type, trace_id, created_at";
  const run = (queue: string) =>
    `${e}, ${idOfNumber()}, 'claims', '${queue}', '{"json":{"n":1}}', 'application/super+json', 'trace', now()`;
  await stage.sql(`insert into queue (environment_id, name, is_paused) values (${e}, 'paused', true)`);
  await stage.sql(`insert into run (${runColumns}) select ${run("paused")} from generate_series(1, ${paused}) n`);
  await stage.sql(`
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
      select environment_id, id, 'queued', task_id, queue_name, 3, now() from run where queue_name = 'paused';
    insert into lane_wake (environment_id, queue_name, concurrency_key, version_id, order_at)
      values (${e}, 'paused', '', '00000000-0000-0000-0000-000000000000', now());`);
  await stage.sql(`
    insert into run (${runColumns}, outcome, finished_at, attempt_count, started_at, duration_ms, version_id)
      select ${run("task/claims")}, 'completed', now(), 1, now(), 1, '${stage.versionId}' from generate_series(1, ${finished}) n`);
  for (const table of ["run", "live_run"]) await stage.sql(`vacuum analyze ${table}`);
}
