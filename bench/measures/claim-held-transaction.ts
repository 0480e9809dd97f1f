import pg from "pg";
import { type ClaimStage, claimOneByOne, idOfNumber, makeClaimStage } from "./claim-stage.ts";
import type { Measure } from "./measure.ts";
import { percentile } from "./statistics.ts";

const claims = 400;
const warmUp = 50;
const rounds = 100;
const runsEach = 10_000;
const claimsBetween = 5;

/**
 * Claims of one run on a fresh store, and again while a transaction has been held open in the same database since before 1,000,000
 * runs have passed: queued, claimed, started, finished, as rows, 10,000 at a time; with claims through the store between them.
 */
export const claimHeldTransaction: Measure = {
  gives: ["claim_fresh_p95_ms", "claim_held_transaction_p95_ms", "claim_held_transaction_ratio"],
  isOnce: true,
  async sample(system) {
    const stage = await makeClaimStage(system);
    const holder = new pg.Client(await system.database("claims"));
    try {
      await claimOneByOne(stage, warmUp);
      const fresh = percentile(await claimOneByOne(stage, claims), 95);
      await holder.connect();
      await holder.query("begin isolation level repeatable read");
      await holder.query("select count(*) from live_run");
      for (let round = 0; round < rounds; round++) {
        await pass(stage);
        await claimOneByOne(stage, claimsBetween);
      }
      await system.rows.settle();
      await claimOneByOne(stage, warmUp);
      const held = percentile(await claimOneByOne(stage, claims), 95);
      return {
        claim_fresh_p95_ms: fresh,
        claim_held_transaction_p95_ms: held,
        claim_held_transaction_ratio: held / fresh,
      };
    } finally {
      await holder.end();
      await stage.close();
    }
  },
};

/** The rows of a thousand arrays of ten runs each, through all their states. */
async function pass(stage: ClaimStage): Promise<void> {
  const e = `'${stage.environmentId}'::uuid`;
  await stage.sql(`
    begin;
    set local enable_seqscan = off;
    create temp table passing on commit drop as
      select ${e} as environment_id, ${idOfNumber()} as id from generate_series(1, ${runsEach}) n;
    insert into run (environment_id, id, task_id, queue_name, payload, payload_type, trace_id, created_at)
      select environment_id, id, 'claims', 'task/claims', '1', 'application/json', 'trace', now() from passing;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, max_attempts, order_at)
      select environment_id, id, 'queued', 'claims', 'task/claims', 3, clock_timestamp() from passing;
    insert into lane_wake (environment_id, queue_name, concurrency_key, version_id, order_at)
      select ${e}, 'task/claims', '', '00000000-0000-0000-0000-000000000000', clock_timestamp() from generate_series(1, ${runsEach} / 10);
    delete from lane_wake;
    update live_run
    set state = 'executing', claimed_order_at = order_at, order_at = null, host_id = '${stage.hostId}', fence = 1,
        version_id = '${stage.versionId}', attempt = 1, started_at = now(), attempt_started_at = now(), holds_slot = true,
        booked_at = clock_timestamp()
    where environment_id = ${e} and run_id = any (array(select id from passing));
    delete from live_run where environment_id = ${e} and run_id = any (array(select id from passing));
    update run
    set outcome = 'completed', finished_at = now(), attempt_count = 1, started_at = now(), duration_ms = 1, output = '1',
        output_type = 'application/json', version_id = '${stage.versionId}'
    where environment_id = ${e} and id = any (array(select id from passing));
    commit`);
}
