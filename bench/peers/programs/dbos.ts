import { DBOS, DBOSClient } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import type { Adapter, Body } from "./adapter.ts";
import { cloneRows } from "./clone-rows.ts";

const queueName = "bench";
const applicationName = "bench";
const pollMs = 10;
const systemTables = "dbos";

/** More than are executed at once, so that some stay queued. */
const madeByCalls = 200;
const queuedRow = {
  table: `${systemTables}.workflow_status`,
  idColumn: "workflow_uuid",
  isQueued: "status = 'ENQUEUED' and name = 'noop'",
};

function registerWorkflows(body: Body): void {
  const noop = DBOS.registerWorkflow((n: number) => body.noop(n), { name: "noop" });
  DBOS.registerWorkflow((n: number) => body.hold(n), { name: "hold" });
  DBOS.registerWorkflow(
    async (n: number) => {
      const beganAtMs = performance.now();
      const child = await DBOS.startWorkflow(noop)(n);
      await child.getResult();
      body.waited(performance.now() - beganAtMs);
    },
    { name: "parent" },
  );
  DBOS.registerWorkflow(
    async (children: number) => {
      const beganAtMs = performance.now();
      const handles = [];
      for (let n = 0; n < children; n++) handles.push(await DBOS.startWorkflow(noop)(n));
      for (const handle of handles) await handle.getResult();
      body.waited(performance.now() - beganAtMs);
    },
    { name: "fan_out" },
  );
}

/** DBOS with a queue that it polls every 10 ms. */
export const dbos: Adapter = {
  async connect({ url }) {
    await DBOS.migrate(url);
    const client = await DBOSClient.create({ systemDatabaseUrl: url, systemDatabasePoolSize: 50 });
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    const enqueue = (kind: string, n: number) => client.enqueue({ queueName, workflowName: kind, applicationName }, n);
    return {
      enqueue,
      async enqueueMany(numbers) {
        const transaction = await pool.connect();
        try {
          await transaction.query("begin");
          for (const n of numbers) {
            await client.enqueueInTransaction(transaction, { queueName, workflowName: "noop", applicationName }, n);
          }
          await transaction.query("commit");
        } finally {
          transaction.release();
        }
      },
      async clone(count) {
        await Promise.all(Array.from({ length: madeByCalls }, (_, n) => enqueue("noop", n)));
        await cloneRows(url, queuedRow, count - madeByCalls);
        await pool.query(
          `insert into ${systemTables}.workflow_input (workflow_uuid, inputs, retention_timestamp)
           select workflow_uuid, one.inputs, one.retention_timestamp
           from ${systemTables}.workflow_status,
                (select inputs, retention_timestamp from ${systemTables}.workflow_input limit 1) one
           where status = 'ENQUEUED'
           on conflict do nothing`,
        );
      },
      async isDrained() {
        const { rows } = await pool.query(
          `select not exists (
             select from ${systemTables}.workflow_status where status in ('ENQUEUED', 'PENDING', 'DELAYED')) as drained`,
        );
        return rows[0].drained === true;
      },
    };
  },
  async work({ url, concurrency }, body) {
    DBOS.setConfig({
      name: applicationName,
      systemDatabaseUrl: url,
      systemDatabasePoolSize: 50,
      applicationVersion: "1",
      executorID: "bench",
      logLevel: "warn",
    });
    registerWorkflows(body);
    await DBOS.launch();
    await DBOS.registerQueue(queueName, { workerConcurrency: concurrency, minPollingIntervalMs: pollMs });
  },
};
