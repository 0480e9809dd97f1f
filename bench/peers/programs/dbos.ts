import { DBOS, DBOSClient } from "@dbos-inc/dbos-sdk";
import pg from "pg";
import type { Adapter, Body } from "./adapter.ts";
import { cloneRows } from "./clone-rows.ts";

const queueName = "bench";
const applicationName = "bench";
const pollMs = 10;
const systemTables = "dbos";

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
        await enqueue("noop", 0);
        await cloneRows(url, `${systemTables}.workflow_status`, "workflow_uuid", count - 1);
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
      logLevel: "error",
    });
    registerWorkflows(body);
    await DBOS.launch();
    await DBOS.registerQueue(queueName, { workerConcurrency: concurrency, minPollingIntervalMs: pollMs });
  },
};
