import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { percentile } from "../measures/statistics.ts";
import type { Child } from "../system/child.ts";
import { type Load, startLoad } from "../system/load.ts";
import { type RunRows, runRows } from "../system/run-rows.ts";
import { type Server, startServer } from "../system/server.ts";
import { type Undo, undoAll } from "../system/system.ts";
import { makeWorkFolder, type WorkFolder } from "../system/work-folder.ts";
import { startWorker } from "../system/worker.ts";
import type { Stage } from "./contender.ts";
import type { Session, SessionPlan } from "./session.ts";

const noop = { taskId: "bench.noop", payload: { n: 1 } };
const moment = { taskId: "bench.moment", payload: { holdMs: 0 } };
const busy = { taskId: "bench.busy", payload: { holdMs: 50 } };
const fillEach = 1_000;
const warmRoundTrips = 10;
const outputPollMs = 100;

/**
 * Starts `pawl server` on a database of the stage's Postgres, and the load process that triggers at it.
 *
 * @param stage - with the Postgres
 * @param plan - what for
 * @returns the session
 */
export async function openPawl(stage: Stage, plan: SessionPlan): Promise<PawlSession> {
  const undo: Undo = [];
  try {
    const session = new PawlSession(await startParts(stage, plan, undo));
    undo.push(() => session.killWorker());
    // Its tasks are known once a worker has been there.
    await session.startWorker();
    if (!plan.kinds.includes("hold")) await session.stopWorker();
    return session;
  } catch (error) {
    await undoAll(undo);
    throw error;
  }
}

async function startParts(stage: Stage, plan: SessionPlan, undo: Undo): Promise<Parts> {
  const { postgres, product } = stage;
  const folder = await makeWorkFolder(product, stage.dir);
  undo.push(() => folder.remove());
  const url = await postgres.makeDatabase(plan.name);
  undo.push(() => postgres.dropDatabase(plan.name));
  const server = await startServer(product, folder, null, {
    DATABASE_URL: url,
    PAWL_ENCRYPTION_KEY: randomBytes(32).toString("hex"),
  });
  undo.push(() => server.child.kill());
  const client = new pg.Client(postgres.connectionTo(plan.name));
  client.on("error", () => undefined); // the database is dropped under it when a measurement breaks off
  await client.connect();
  undo.push(() => client.end());
  const load = startLoad({ product, folder }, server);
  undo.push(() => load.child.kill());
  return { stage, plan, folder, server, client, load, undo };
}

interface Parts {
  readonly stage: Stage;
  readonly plan: SessionPlan;
  readonly folder: WorkFolder;
  readonly server: Server;
  readonly client: pg.Client;
  readonly load: Load;
  /** Stops all of it. */
  readonly undo: Undo;
}

/** Pawl with its real server, one worker host, and runs in processes of their own. */
export class PawlSession implements Session {
  readonly holdPath: string;
  readonly #parts: Parts;
  readonly #rows: RunRows;
  #worker: Child | null = null;
  #letGoAtMs = 0;
  #queuedFromMs = 0;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#rows = runRows(parts.client);
    this.holdPath = join(parts.folder.dir, "held.txt");
  }

  enqueueDuring(callers: number, durationMs: number) {
    return this.#parts.load.call("trigger_during", { ...noop, callers, durationMs });
  }

  async enqueueBulk(calls: number, each: number) {
    const { elapsedMs } = await this.#parts.load.call("trigger_batches", { ...noop, batches: calls, runsEach: each });
    return elapsedMs.reduce((sum, ms) => sum + ms, 0);
  }

  async startWorker() {
    if (this.#worker !== null) return;
    const { product } = this.#parts.stage;
    const { folder, server, plan } = this.#parts;
    const processes = plan.concurrency;
    this.#worker = await startWorker({ product, folder, server, profileDir: null, processes });
  }

  async stopWorker() {
    await this.#worker?.stop();
    this.#worker = null;
  }

  async killWorker() {
    await this.#worker?.kill();
    this.#worker = null;
  }

  /** Stops the server, and leaves its database. */
  async stopServer() {
    await this.killWorker();
    await this.#parts.server.child.stop();
  }

  async fill(count: number) {
    await this.#triggerMany(noop, count);
  }

  async #triggerMany(job: { readonly taskId: string; readonly payload: unknown }, count: number) {
    const runsEach = Math.min(count, fillEach);
    await this.#parts.load.call("trigger_batches", { ...job, runsEach, batches: Math.ceil(count / runsEach) });
  }

  fillBacklog(count: number) {
    return this.fill(count);
  }

  async holdBack() {
    await this.#rows.awaitAllFinished();
    await this.#rows.pause();
    this.#queuedFromMs = await this.#rows.now();
  }

  async letGo() {
    this.#letGoAtMs = await this.#rows.resume();
    // The dispatcher looks at the queues again when something is triggered.
    await this.#parts.load.call("trigger_at_once", { ...noop, count: 1 });
  }

  async awaitDrained() {
    await this.#rows.awaitAllFinished();
    return (await this.#rows.finishedSince(this.#queuedFromMs)).lastFinishedAtMs - this.#letGoAtMs;
  }

  /** Counting rows beside the load would slow it: it lasts the whole time, unless nothing is left before. */
  async awaitFirst(count: number, timeoutMs: number) {
    const { client } = this.#parts;
    const deadlineMs = performance.now() + timeoutMs;
    const hasLive = async () => (await client.query("select from live_run limit 1")).rowCount !== 0;
    while (performance.now() < deadlineMs && (await hasLive())) await delay(100);
    await this.killWorker();
    const { rows } = await client.query(
      `select count(*)::int as count, extract(epoch from max(finished_at)) * 1000 as last
       from (select finished_at from run where finished_at >= to_timestamp($1 / 1000.0) order by finished_at limit $2) first`,
      [this.#letGoAtMs, count],
    );
    return { count: Number(rows[0].count), elapsedMs: Number(rows[0].last) - this.#letGoAtMs };
  }

  async mix(callers: number, durationMs: number) {
    const fromMs = await this.#rows.now();
    const enqueued = await this.enqueueDuring(callers, durationMs);
    return { ...enqueued, finished: await this.#rows.countFinished(fromMs, await this.#rows.now()) };
  }

  async startLatencies(count: number, intervalMs: number) {
    const { runs } = await this.#parts.load.call("trigger_spaced", { ...moment, count, intervalMs });
    const outputs = await this.#outputsOf(runs.map(({ runId }) => runId));
    return runs.map(({ runId, calledAtNs }) => Number(BigInt(outputs.get(runId) ?? "") - BigInt(calledAtNs)) / 1e6);
  }

  /** Others may be queued meanwhile. */
  async #outputsOf(runIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    for (;;) {
      const outputs = await this.#rows.outputs(runIds);
      if ([...outputs.values()].every((output) => output !== "null")) return outputs;
      await delay(outputPollMs);
    }
  }

  async roundTrips(count: number) {
    return (await this.#waitsOf("bench.parent", warmRoundTrips + count)).slice(warmRoundTrips);
  }

  async fanOut(children: number) {
    return percentile(await this.#waitsOf("bench.fan-out", children), 50);
  }

  async #waitsOf(taskId: string, children: number): Promise<readonly number[]> {
    const { runs } = await this.#parts.load.call("trigger_at_once", { taskId, payload: { children }, count: 1 });
    await this.#rows.awaitAllFinished();
    const outputs = await this.#rows.outputs(runs.map(({ runId }) => runId));
    return [...outputs.values()].flatMap((output) => JSON.parse(output) as number[]); // the tasks in waits.ts return it
  }

  async enqueueHeld(count: number) {
    const payload = { path: this.holdPath };
    await this.#parts.load.call("trigger_at_once", { taskId: "bench.hold", payload, count });
  }

  async enqueueBusy(count: number) {
    await this.#triggerMany(busy, count);
    const isFull = async () => {
      const { rows } = await this.#parts.client.query(
        "select count(*) >= (select min(concurrency_limit) from queue where name = $1) as is_full from live_run where host_id is not null and queue_name = $1",
        [`task/${busy.taskId}`],
      );
      return rows[0].is_full === true;
    };
    while (!(await isFull())) await delay(100);
  }

  countQueries() {
    return this.#parts.stage.postgres.countStatements(this.#parts.plan.name);
  }

  settle() {
    return this.#parts.stage.postgres.vacuum(this.#parts.plan.name);
  }

  close() {
    return undoAll(this.#parts.undo);
  }
}
