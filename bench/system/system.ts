import pg from "pg";
import type { BenchOptions } from "../options.ts";
import { tracing } from "../stages/trace/trace.ts";
import type { Child } from "./child.ts";
import { type CpuTimes, readCpuTimes } from "./cpu-time.ts";
import { type Further, furtherOnes } from "./further.ts";
import { type Load, startEchoServer, startLoad } from "./load.ts";
import { connectionSettings, findPostgres } from "./postgres.ts";
import { findProduct, type Product } from "./product.ts";
import { type RunRows, runRows } from "./run-rows.ts";
import { type Server, startServer } from "./server.ts";
import { makeWorkFolder } from "./work-folder.ts";
import { startWorker } from "./worker.ts";

/** What is measured: a server with fresh data, a worker, and a load process. */
export interface System {
  readonly product: Product;
  readonly server: Server;
  readonly load: Load;
  readonly rows: RunRows;
  /** The bench's own connection to the server's database. */
  readonly client: pg.Client;
  /** Settings for a connection to another database of that Postgres, made where it is missing. */
  database(name: string): Promise<pg.ClientConfig>;
  readonly postmasterPid: number;
  /** The folder of the data, for measuring its disk. */
  readonly dataDir: string;
  /** The worker; started where none runs. */
  worker(): Promise<Child>;
  /** Stops the worker, where one runs. */
  withoutWorker(): Promise<void>;
  /** Servers and workers beside the first. */
  readonly further: Further;
  /** Processor time used so far, by those that run now; null where it can't be read. */
  cpuTimes(): Promise<CpuTimes | null>;
  /** Tells something that explains a figure; null: nothing is known. */
  note(text: string | null): void;
  /** Rejects when a process that takes part ends by itself. */
  breakdown(): Promise<never>;
  /** Starts the echo server. */
  startEchoServer(): Promise<{ readonly child: Child; readonly url: string }>;
  /** Stops everything and removes its data; safe twice. */
  stop(): Promise<void>;
}

/** Steps that stop what was started, from the first one on. */
export type Undo = (() => Promise<unknown>)[];

/**
 * Starts the system. A worker has been there once, so that the tasks are known.
 *
 * @param options - of the command line
 * @param undo - filled while it starts, so that whoever stops it meanwhile can
 * @param onProgress - told what takes time
 * @returns the system, without a worker
 */
export async function startSystem(
  options: BenchOptions,
  undo: Undo,
  onProgress: (text: string) => void,
): Promise<System> {
  const product = await productOf(options, undo, onProgress);
  const folder = await makeWorkFolder(product);
  undo.push(() => folder.remove());
  onProgress("starting server and worker");
  const { profileDir, processes, traceDir } = options;
  const settings = traceDir === undefined ? {} : tracing(traceDir);
  const server = await startServer(product, folder, profileDir, settings);
  undo.push(() => server.child.stop());
  const address = await findPostgres(folder.dataDir);
  const client = new pg.Client(connectionSettings(address));
  await client.connect();
  undo.push(() => client.end());
  const load = startLoad({ product, folder }, server);
  undo.push(() => load.child.stop());
  let worker: Child | null = null;
  let failWorker: (error: unknown) => void = () => undefined;
  const workerBreakdown = new Promise<never>((_, reject) => {
    failWorker = reject;
  });
  workerBreakdown.catch(() => undefined);
  const further = furtherOnes({ product, folder, server, postgres: connectionSettings(address) }, undo);
  const system: System = {
    product,
    server,
    load,
    client,
    rows: runRows(client),
    postmasterPid: address.postmasterPid,
    dataDir: folder.dataDir,
    async database(name) {
      const found = await client.query("select from pg_database where datname = $1", [name]);
      if (found.rowCount === 0) await client.query(`create database ${pg.escapeIdentifier(name)}`);
      return connectionSettings(address, name);
    },
    async worker() {
      if (worker !== null) return worker;
      worker = await startWorker({ product, folder, server, profileDir, processes, settings });
      worker.breakdown.catch(failWorker);
      return worker;
    },
    async withoutWorker() {
      await worker?.stop();
      worker = null;
    },
    further,
    cpuTimes: () =>
      readCpuTimes({
        servers: pidsOf([server.child, ...further.servers]),
        hosts: pidsOf([...(worker === null ? [] : [worker]), ...further.workers]),
        load: load.child.process.pid ?? 0,
        postmaster: address.postmasterPid,
      }),
    note(text) {
      if (text !== null) onProgress(`        ${text}`);
    },
    breakdown: () => Promise.race([server.child.breakdown, load.child.breakdown, workerBreakdown]),
    startEchoServer: () => startEchoServer({ product, folder }),
    stop: () => undoAll(undo),
  };
  undo.push(() => system.withoutWorker());
  await system.worker();
  await system.withoutWorker();
  return system;
}

/** Ends the search when what was started is undone. */
function productOf({ isFromSource }: BenchOptions, undo: Undo, onProgress: (text: string) => void): Promise<Product> {
  const interruption = new AbortController();
  const finding = findProduct(isFromSource, onProgress, interruption.signal);
  undo.push(() => {
    interruption.abort();
    return finding.catch(() => undefined);
  });
  return finding;
}

function pidsOf(children: readonly Child[]): readonly number[] {
  return children.map((child) => child.process.pid ?? 0);
}

/**
 * Undoes the steps of a start, the last one first; goes on after a step that fails.
 *
 * @param undo - the steps, which are taken out
 */
export async function undoAll(undo: Undo): Promise<void> {
  for (const step of undo.splice(0).reverse()) {
    await step().catch((error: unknown) => console.error(error));
  }
}
