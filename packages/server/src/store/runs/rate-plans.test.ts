import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { lockEnvironment } from "./claim.ts";
import { claimRuns } from "./claim-lanes.ts";
import { claimPlainRuns } from "./claim-plain.ts";
import { assertBounded, indexesOf, plansOf } from "./fixtures/plans.ts";
import { plainTask, type RunStage, runStage } from "./fixtures/run-stage.ts";
import { openLanes } from "./lanes.ts";
import { resumeRuns } from "./resume.ts";

const ordered = `task/${plainTask}`;
const anyVersion = "00000000-0000-0000-0000-000000000000";

/** 50,000 lanes that a rate has closed, as many buckets, and 50,000 keys whose first run keeps its place; a few lanes are ready. */
async function crowd(stage: RunStage): Promise<void> {
  const client = await stage.database.connect();
  const e = `'${stage.environment.id}'::uuid`;
  const id = `('${newUuid().slice(0, 13)}-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
  await client.query(`
    set synchronous_commit = off;
    insert into queue (environment_id, name, rate_limit, rate_period_ms, rate_burst,
                       combined_rate_limit, combined_rate_period_ms, combined_rate_burst)
      values (${e}, 'rated', 100, 60000, 10, 1000, 60000, 100);
    update queue set concurrency_limit = 1 where name = '${ordered}';
    insert into rate_bucket select ${e}, 'rated', false, 'key ' || n, now() from generate_series(1, 50000) n;
    insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at, opens_at)
      select ${e}, 'rated', 'key ' || n, '${anyVersion}', 'at_rate', now(), now(), now() + n * interval '1 second'
      from generate_series(1, 49990) n;
    insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at)
      select ${e}, 'rated', 'key ' || n, '${anyVersion}', 'ready', now() - interval '1 hour', now() from generate_series(49991, 50000) n;
    insert into lane (environment_id, queue_name, concurrency_key, version_id, standing, head_at, served_at)
      select ${e}, '${ordered}', 'key ' || n, '${anyVersion}', case when n > 49990 then 'ready' else 'at_limit' end,
             now() - interval '1 hour', now()
      from generate_series(1, 50000) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, concurrency_key, max_attempts, order_at)
      select ${e}, ${id}, 'queued', '${plainTask}', case n % 2 when 0 then 'rated' else '${ordered}' end,
             'key ' || n / 2 % 50000, 3, now()
      from generate_series(1, 200000) n;
    insert into live_run (environment_id, run_id, state, task_id, queue_name, concurrency_key, max_attempts, due_at, claimed_order_at,
                          version_id, attempt, keeps_place)
      select ${e}, ${id}, 'delayed', '${plainTask}', '${ordered}', 'key ' || n - 200000, 3, now() + interval '1 hour', now(),
             '${stage.versionId}', 1, true
      from generate_series(200001, 250000) n;
    insert into run (environment_id, id, task_id, queue_name, concurrency_key, payload_type, trace_id, created_at)
      select environment_id, run_id, task_id, queue_name, concurrency_key, 'application/json', 'trace', now() from live_run;
  `);
  await client.end();
}

test("with many rates and many runs that keep their place, a claim looks only at what it is for", {
  timeout: 60_000,
}, async (t) => {
  const stage = await runStage(t, { poolSize: 2 });
  await crowd(stage);
  stage.onEnd(async () => {
    await stage.sql("truncate live_run, run, lane, lane_wake, rate_bucket");
  });
  const { id } = stage.environment;
  const request = stage.claimRequest({ direct: 5 });
  for (const statistics of ["none", "fresh"]) {
    if (statistics === "fresh") await stage.sql("analyze");
    const plans = await plansOf(stage, [
      lockEnvironment(id),
      claimPlainRuns(request),
      openLanes(id),
      resumeRuns(id, stage.hostId, null),
      claimRuns(request),
    ]);
    for (const [name, plan] of plans) assertBounded(name, plan, { rows: 200, pages: 2_000 });
    const usedBy = (name: string) => {
      const plan = plans.get(name);
      return plan === undefined ? assert.fail(name) : indexesOf(plan);
    };
    for (const index of ["rate_bucket_newest", "live_run_keeping_place", "lane_pkey"]) {
      assert.ok(usedBy("runs_claim").includes(index), `${statistics}: ${index}`);
    }
    for (const name of ["lanes_open", "runs_resume", "runs_claim_plain"]) {
      assert.ok(usedBy(name).includes("lane_at_rate"), `${statistics}: ${name}`);
    }
  }
});
