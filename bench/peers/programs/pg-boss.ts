import pg from "pg";
import { PgBoss } from "pg-boss";
import type { Adapter } from "./adapter.ts";

const queues = ["noop", "hold", "parent", "fan_out"] as const;
const fetchEach = 50;

interface Numbered {
  readonly n: number;
  /** Of a parent: when its flow was asked for. */
  readonly calledAtNs?: string;
}

/** Flows stand in for parents: a job that starts when those that it depends on are done. */
function flowOf(parent: "parent" | "fan_out", n: number) {
  const children = Array.from({ length: parent === "parent" ? 1 : n }, (_, child) => `child-${child}`);
  return [
    ...children.map((ref) => ({ ref, name: "noop", data: { n } })),
    {
      ref: parent,
      name: parent,
      data: { n, calledAtNs: process.hrtime.bigint().toString() },
      dependsOn: children,
    },
  ];
}

/** pg-boss with NOTIFY, one fetcher of whole batches and the shortest timers that it allows. */
export const pgBoss: Adapter = {
  async connect({ url }) {
    const boss = new PgBoss({ connectionString: url, max: 50, supervise: false, schedule: false });
    boss.on("error", (error) => console.error(error));
    await boss.start();
    for (const name of queues) {
      await boss.createQueue(name, { notify: true, ...(name === "hold" ? { heartbeatSeconds: 10 } : {}) });
    }
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    return {
      enqueue: (kind, n) =>
        kind === "parent" || kind === "fan_out" ? boss.flow(flowOf(kind, n)) : boss.send(kind, { n }),
      enqueueMany: (numbers) =>
        boss.insert(
          "noop",
          numbers.map((n) => ({ data: { n } })),
        ),
      async isDrained() {
        const { rows } = await pool.query(
          "select not exists (select from pgboss.job where name = any ($1) and state < 'completed') as drained",
          [queues],
        );
        return rows[0].drained === true;
      },
    };
  },
  async work({ url, kinds, concurrency }, body) {
    const boss = new PgBoss({
      connectionString: url,
      max: 50,
      schedule: false,
      useListenNotify: true,
      flowIntervalSeconds: 1,
    });
    boss.on("error", (error) => console.error(error));
    await boss.start();
    const polling = { pollingIntervalSeconds: 1, notifyPollingIntervalSeconds: 1 };
    const batches = { ...polling, batchSize: fetchEach, burstWhenBatchFull: true };
    if (kinds.includes("noop")) {
      await boss.work<Numbered>("noop", batches, async (jobs) => {
        await Promise.all(jobs.map(({ data }) => body.noop(data.n)));
      });
    }
    if (kinds.includes("hold")) {
      // A batch ends with its slowest job: each of these has a fetcher of its own.
      await boss.work<Numbered>("hold", { ...polling, localConcurrency: concurrency }, async ([job]) => {
        if (job !== undefined) await body.hold(job.data.n);
      });
    }
    for (const parent of ["parent", "fan_out"] as const) {
      if (!kinds.includes(parent)) continue;
      await boss.work<Numbered>(parent, polling, async ([job]) => {
        if (job?.data.calledAtNs === undefined) return;
        body.waited(Number(process.hrtime.bigint() - BigInt(job.data.calledAtNs)) / 1e6);
      });
    }
  },
};
