import pg from "pg";
import type { Stage } from "../contender.ts";
import type { PackageServer } from "../package-session.ts";
import { openPawl } from "../pawl-session.ts";
import type { SessionPlan } from "../session.ts";

/** Keeps the rows of the one run as they are while it is queued. */
const keepQueued = `
  create table bench_run_queued as select * from run;
  create table bench_live_queued as select * from live_run;
  create table bench_live_executing as select * from live_run limit 0;
  create function bench_keep() returns trigger language plpgsql as
    'begin insert into bench_live_executing select new.*; return null; end';
  create trigger bench_keep after update on live_run for each row when (new.state = 'executing') execute function bench_keep()`;
const keepFinished = `
  create table bench_run_finished as select r.* from run r join bench_run_queued q using (environment_id, id);
  drop trigger bench_keep on live_run;
  drop function bench_keep();
  delete from bench_live_executing
  where ctid <> (select min(e.ctid) from bench_live_executing e join bench_live_queued using (environment_id, run_id))`;

/**
 * Makes a database with Pawl's tables, in which Pawl has executed one no-op run, and keeps the rows of that run as they were
 * queued, executing and finished in tables `bench_…`. Pawl is gone then.
 *
 * @param stage - with the Postgres and the product
 * @param plan - names the database
 * @returns the database
 */
export async function onPawlTables(stage: Stage, plan: SessionPlan): Promise<PackageServer> {
  const pawl = await openPawl(stage, { ...plan, kinds: ["noop"] });
  try {
    const connection = stage.postgres.connectionTo(plan.name);
    await pawl.holdBack();
    await pawl.fill(1);
    await query(connection, keepQueued);
    await pawl.letGo();
    await pawl.startWorker();
    await pawl.awaitDrained();
    await query(connection, keepFinished);
    await pawl.stopServer();
    return {
      url: String(connection.connectionString),
      countQueries: async () => null,
      settle: () => pawl.settle(),
      close: () => pawl.close(),
    };
  } catch (error) {
    await pawl.close();
    throw error;
  }
}

async function query(connection: pg.ClientConfig, text: string): Promise<void> {
  const client = new pg.Client(connection);
  await client.connect();
  await client.query(text);
  await client.end();
}
