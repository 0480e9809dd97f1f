import { Logger, makeWorkerUtils, run, type TaskList } from "graphile-worker";
import pg from "pg";
import type { Adapter } from "./adapter.ts";

const logger = new Logger(() => (level, message) => {
  if (level === "error") console.error(message);
});

/** What its documentation says for speed: a local queue, and completions in batches. */
const batching = {
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

const numberOf = (payload: unknown) => (payload as { n: number }).n; // the client below made it

/** graphile-worker; the variant `batching` has a local queue. It has no parents. */
export const graphileWorker: Adapter = {
  async connect({ url }) {
    const pool = new pg.Pool({ connectionString: url, max: 50 });
    const utils = await makeWorkerUtils({ pgPool: pool, logger });
    await utils.migrate();
    return {
      enqueue: (kind, n) => utils.addJob(kind, { n }),
      enqueueMany: (numbers) => utils.addJobs(numbers.map((n) => ({ identifier: "noop", payload: { n } }))),
      async isDrained() {
        const { rows } = await pool.query("select not exists (select from graphile_worker._private_jobs) as drained");
        return rows[0].drained === true;
      },
    };
  },
  work({ url, variant, concurrency }, body) {
    const taskList: TaskList = {
      noop: (payload) => body.noop(numberOf(payload)),
      hold: (payload) => body.hold(numberOf(payload)),
    };
    return run({
      taskList,
      noHandleSignals: true,
      preset: {
        worker: {
          connectionString: url,
          concurrentJobs: concurrency,
          maxPoolSize: concurrency + 2,
          logger,
          ...(variant === "batching" ? batching : {}),
        },
      },
    });
  },
};
