import { defineWorkflow, OpenWorkflow } from "openworkflow";
import { BackendPostgres } from "openworkflow/postgres";
import pg from "pg";
import type { Adapter, Body } from "./adapter.ts";
import { cloneRows } from "./clone-rows.ts";

interface Numbered {
  readonly n: number;
}

/** More than are executed at once, so that some stay queued. */
const madeByCalls = 200;
const queuedRow = {
  table: "openworkflow.workflow_runs",
  idColumn: "id",
  isQueued: "status = 'pending' and workflow_name = 'noop'",
};

function workflowsOf(body: Body) {
  const noop = defineWorkflow<Numbered, null>({ name: "noop" }, async ({ input }) => {
    await body.noop(input.n);
    return null;
  });
  const hold = defineWorkflow<Numbered, null>({ name: "hold" }, async ({ input }) => {
    await body.hold(input.n);
    return null;
  });
  // A parent is called again after its children: it began at its first call.
  const beganAtMs = new Map<string, number>();
  const timed = (name: "parent" | "fan_out") =>
    defineWorkflow<Numbered, null>({ name }, async ({ input, step, run }) => {
      if (!beganAtMs.has(run.id)) beganAtMs.set(run.id, performance.now());
      const children = Array.from({ length: name === "parent" ? 1 : input.n }, (_, n) =>
        step.runWorkflow(noop.spec, { n }, { name: `child-${n}` }),
      );
      await Promise.all(children);
      body.waited(performance.now() - (beganAtMs.get(run.id) ?? 0));
      return null;
    });
  return { noop, hold, parent: timed("parent"), fan_out: timed("fan_out") };
}

const nobody: Body = { noop: async () => undefined, hold: async () => undefined, waited: () => undefined };

/** OpenWorkflow: its client has a pool of ten connections, which pipeline. It has no bulk call. */
export const openWorkflow: Adapter = {
  async connect({ url }) {
    const backend = await BackendPostgres.connect(url);
    const client = new OpenWorkflow({ backend });
    const workflows = workflowsOf(nobody);
    const pool = new pg.Pool({ connectionString: url, max: 1 });
    return {
      enqueue: (kind, n) => client.runWorkflow(workflows[kind].spec, { n }),
      async clone(count) {
        const calls = Array.from({ length: madeByCalls }, (_, n) => client.runWorkflow(workflows.noop.spec, { n }));
        await Promise.all(calls);
        await cloneRows(url, queuedRow, count - madeByCalls);
      },
      async isDrained() {
        const { rows } = await pool.query(
          `select not exists (
             select from openworkflow.workflow_runs where status in ('pending', 'running', 'sleeping')) as drained`,
        );
        return rows[0].drained === true;
      },
    };
  },
  async work({ url, concurrency }, body) {
    const backend = await BackendPostgres.connect(url);
    const client = new OpenWorkflow({ backend });
    for (const { spec, fn } of Object.values(workflowsOf(body))) client.implementWorkflow(spec, fn);
    await client.newWorker({ concurrency }).start();
  },
};
