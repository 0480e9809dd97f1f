import assert from "node:assert/strict";
import { test } from "node:test";
import { type Statement, sessionSettings } from "../db.ts";
import { type ScheduleStage, scheduleStage } from "./fixtures/schedule-stage.ts";
import { findNextDueSchedule, reviveSchedules, takeDueSchedules } from "./take-due.ts";

interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly Plans?: readonly PlanNode[];
}

const nodesOf = (plan: PlanNode): readonly PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** How a statement reads the schedules, executed as the store would and undone. */
async function readsOf({ database }: ScheduleStage, { name, text, values }: Statement): Promise<readonly PlanNode[]> {
  const client = await database.connect();
  try {
    await client.query(sessionSettings);
    await client.query("begin");
    await client.query(`prepare ${name} as ${text}`);
    const call = values.length === 0 ? name : `${name}(${values.map((value) => client.escapeLiteral(String(value)))})`;
    const { rows } = await client.query(`explain (analyze, timing off, format json) execute ${call}`);
    const nodes = nodesOf(rows[0]["QUERY PLAN"][0].Plan); // a column of JSON
    return nodes.filter((node) => node["Relation Name"] === "schedule" && node["Index Name"] !== undefined);
  } finally {
    await client.end();
  }
}

test("among 100,000 schedules each look reads only what is due or comes back", { timeout: 60_000 }, async (t) => {
  const stage = await scheduleStage(t);
  stage.onEnd(() => stage.sql("truncate schedule").then(() => undefined));
  await stage.sql(
    `insert into schedule (environment_id, id, type, task_id, cron, timezone, deduplication_key, next_at, due_at)
     select $1::uuid, gen_random_uuid(), 'imperative', case when n % 1000 = 1 then 'gone' else 'stage.plain.run' end, '* * * * *', 'UTC',
            'key ' || n, now() + (n - 20.5) * interval '1 second',
            case when n % 1000 <> 1 then now() + (n - 20.5) * interval '1 second' end
     from generate_series(1, 100000) n`,
    [stage.environment.id],
  );
  for (const statistics of ["none", "fresh"]) {
    if (statistics === "fresh") await stage.sql("analyze");
    for (const [statement, index, most] of [
      [takeDueSchedules(), "schedule_due", 100],
      [findNextDueSchedule(), "schedule_due", 1],
      [reviveSchedules(null), "schedule_set_aside", 100],
      [reviveSchedules(stage.environment.id), "schedule_set_aside", 100],
    ] as const) {
      const reads = await readsOf(stage, statement);
      assert.ok(
        reads.some((read) => read["Index Name"] === index),
        `${statistics}: ${statement.name}`,
      );
      for (const read of reads) {
        const rows = (read["Actual Rows"] + (read["Rows Removed by Filter"] ?? 0)) * read["Actual Loops"];
        assert.ok(rows <= most, `${statistics}: ${statement.name} reads ${rows} rows by ${read["Index Name"]}`);
      }
    }
  }
});
