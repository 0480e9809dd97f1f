import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Child, forkNode } from "../system/child.ts";
import { childEnv } from "../system/server.ts";
import { type Ask, callsOf } from "./process-calls.ts";
import type { AdapterName, AdapterSettings, ClientCalls, WorkerCalls } from "./protocol.ts";
import type { Session, SessionPlan } from "./session.ts";

/** What a package runs on, and how it is set up. */
export interface PackageSetup {
  readonly adapter: AdapterName;
  readonly variant: string;
  /** Child processes that execute the no-op jobs; 0: the worker does. */
  readonly children: number;
  readonly dir: string;
  readonly plan: SessionPlan;
  readonly server: PackageServer;
}

/** The server of a package, with fresh data. */
export interface PackageServer {
  readonly url: string;
  readonly adminUrl?: string;
  readonly workerPort?: number;
  countQueries(): Promise<number | null>;
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Jobs that a peer's worker executes at once. */
export const defaultConcurrency = 50;
const waitTimeoutMs = 60_000;

/**
 * Starts the client process of a package.
 *
 * @param setup - which package, and on what
 * @returns the session
 */
export async function openPackage(setup: PackageSetup): Promise<Session> {
  const { adapter, plan, server, dir } = setup;
  await mkdir(dir, { recursive: true });
  const settings: AdapterSettings = {
    url: server.url,
    ...(server.adminUrl === undefined ? {} : { adminUrl: server.adminUrl }),
    ...(server.workerPort === undefined ? {} : { workerPort: server.workerPort }),
    variant: setup.variant,
    concurrency: plan.concurrency ?? defaultConcurrency,
    kinds: plan.kinds,
  };
  const client = fork("client", dir);
  const ask = callsOf<ClientCalls>(client);
  const holdPath = join(dir, "held.txt");
  try {
    const worker = new WorkerOf(setup, settings, holdPath);
    // A server that calls its worker has to know the worker before it takes jobs; until the start they stay at its gate.
    if (server.workerPort !== undefined) {
      await worker.start();
      await worker.ask("close_gate", null);
    }
    await ask("prepare", { adapter, settings });
    return sessionOf({ ask, worker, server, holdPath, client });
  } catch (error) {
    await client.kill();
    throw error;
  }
}

function fork(program: "client" | "worker", dir: string): Child {
  return forkNode(join(import.meta.dirname, "programs", `${program}.ts`), {
    args: [],
    cwd: dir,
    env: childEnv({}),
    logPath: join(dir, `${program}.log`),
  });
}

/** The worker process of a package, which may be killed and started again. */
class WorkerOf {
  readonly #setup: PackageSetup;
  readonly #settings: AdapterSettings;
  readonly #holdPath: string;
  #child: Child | null = null;
  #ask: Ask<WorkerCalls> | null = null;

  constructor(setup: PackageSetup, settings: AdapterSettings, holdPath: string) {
    this.#setup = setup;
    this.#settings = settings;
    this.#holdPath = holdPath;
  }

  get ask(): Ask<WorkerCalls> {
    if (this.#ask === null) throw new Error("The worker was not started.");
    return this.#ask;
  }

  async start(): Promise<void> {
    if (this.#child !== null) return;
    const { adapter, children, dir } = this.#setup;
    this.#child = fork("worker", dir);
    this.#ask = callsOf<WorkerCalls>(this.#child);
    await this.#ask("start", { adapter, settings: this.#settings, body: { children, holdPath: this.#holdPath } });
  }

  async kill(): Promise<void> {
    await this.#child?.kill();
    this.#child = null;
    this.#ask = null;
  }
}

interface Parts {
  readonly ask: Ask<ClientCalls>;
  readonly worker: WorkerOf;
  readonly server: PackageServer;
  readonly holdPath: string;
  readonly client: Child;
}

function sessionOf({ ask, worker, server, holdPath, client }: Parts): Session {
  let letGoAtNs = "0";
  let parents = 0;
  /** No-op jobs made since the gate was closed last. */
  let made = 0;
  const fill = async (count: number, mayClone: boolean) => {
    made += count;
    await ask("fill", { count, mayClone });
  };
  const waitFor = async (kind: "parent" | "fan_out", n: number): Promise<number> => {
    parents += 1;
    await ask("enqueue_kind", { kind, numbers: [n] });
    const { tookMs } = await worker.ask("await_waits", { count: parents, timeoutMs: waitTimeoutMs });
    const took = tookMs[parents - 1];
    if (took === undefined) throw new Error(`The parent has not ended after ${waitTimeoutMs / 1_000} s.`);
    return took;
  };
  return {
    holdPath,
    enqueueDuring: (callers, durationMs) => ask("enqueue_during", { callers, durationMs }),
    enqueueBulk: async (calls, each) => (await ask("enqueue_bulk", { calls, each }))?.elapsedMs ?? null,
    async startWorker() {
      await worker.start();
      await worker.ask("open_gate", null);
    },
    killWorker: () => worker.kill(),
    fill: (count) => fill(count, false),
    fillBacklog: (count) => fill(count, true),
    async holdBack() {
      made = 0;
      await worker.ask("close_gate", null);
    },
    async letGo() {
      letGoAtNs = (await worker.ask("open_gate", null)).atNs;
    },
    async awaitDrained(timeoutMs) {
      // Looking at the store beside the load would slow it: only once every handler has ended.
      await worker.ask("await_handled", { count: made, timeoutMs });
      return msBetween(letGoAtNs, (await ask("await_drained", { timeoutMs })).atNs);
    },
    async awaitFirst(count, timeoutMs) {
      const handled = await worker.ask("await_handled", { count, timeoutMs });
      return { count: handled.count, elapsedMs: msBetween(letGoAtNs, handled.atNs) };
    },
    async mix(callers, durationMs) {
      const before = await worker.ask("count_handled", null);
      const enqueued = await ask("enqueue_during", { callers, durationMs });
      const after = await worker.ask("count_handled", null);
      return { ...enqueued, finished: after.count - before.count };
    },
    async startLatencies(count, intervalMs) {
      const before = (await worker.ask("count_handled", null)).count;
      const { jobs } = await ask("enqueue_spaced", { count, intervalMs });
      await worker.ask("await_handled", { count: before + count, timeoutMs: waitTimeoutMs });
      const startedAtNs = new Map((await worker.ask("moments", null)).startedAtNs);
      return jobs.map(({ n, calledAtNs }) => msBetween(calledAtNs, startedAtNs.get(n) ?? "NaN"));
    },
    roundTrips: (count) => inTurn(count, () => waitFor("parent", 1)),
    fanOut: (children) => waitFor("fan_out", children),
    async enqueueHeld(count) {
      await ask("enqueue_kind", { kind: "hold", numbers: Array.from({ length: count }, (_, index) => index + 1) });
    },
    enqueueBusy,
    countQueries: () => server.countQueries(),
    settle: () => server.settle(),
    async close() {
      await worker.kill();
      await client.kill();
      await server.close();
    },
  };
}

async function inTurn<T>(count: number, make: () => Promise<T>): Promise<readonly T[]> {
  const made: T[] = [];
  while (made.length < count) made.push(await make());
  return made;
}

async function enqueueBusy(): Promise<never> {
  throw new Error("Only Pawl has a second queue here.");
}

function msBetween(fromNs: string, toNs: string): number {
  return Number(BigInt(toNs) - BigInt(fromNs)) / 1e6;
}
