import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import pg from "pg";
import type { Product } from "../system/product.ts";
import type { System } from "../system/system.ts";

/** A run that was claimed, with its fence. */
export interface Claimed {
  readonly runId: string;
  readonly fence: number;
}

/** Where a run is queued. */
export interface QueuedWhere {
  readonly queueName?: string;
  readonly concurrencyKey?: string;
}

/** A database of its own with Pawl's schema, one environment and one host, and the product's own store on it. */
export interface ClaimStage {
  readonly environmentId: string;
  readonly hostId: string;
  readonly versionId: string;
  sql(text: string): Promise<void>;
  queue(runs: readonly QueuedWhere[]): Promise<void>;
  /** One claim, as a server makes it for a host with so many processes ready, and how long it took. */
  claim(direct: number): Promise<{ readonly claimed: readonly Claimed[]; readonly tookMs: number }>;
  complete(claimed: readonly Claimed[]): Promise<void>;
  close(): Promise<void>;
}

/** What is used of the product, whose modules are found by their files: they are not for users to import. */
interface ProductStore {
  openDatabase(settings: { readonly url: string; readonly poolSize: number }): Database;
  migrate(database: Database): Promise<unknown>;
  makePartitions(database: Database, now: Date): Promise<unknown>;
  createVersionStore(database: Database): {
    register(environmentId: string, manifest: unknown): Promise<{ readonly id: string }>;
  };
  createHostStore(database: Database): { connect(host: unknown): Promise<unknown> };
  createRunStore(database: Database): {
    insert(runs: readonly unknown[]): Promise<unknown>;
    claim(request: unknown): Promise<{ readonly claimed: readonly Claimed[] }>;
    settle(settlement: unknown): Promise<unknown>;
  };
  newRun(request: unknown): unknown;
}

interface Database {
  close(): Promise<void>;
}

const modules = [
  "store/db",
  "store/migrate",
  "store/partitions",
  "store/versions",
  "store/hosts",
  "store/runs/run-store",
  "engine/run/new-run",
];

async function productStore({ kind, nodeModules }: Product): Promise<ProductStore> {
  const fileOf = (path: string) => (kind === "source" ? `src/${path}.ts` : `dist/${path}.js`);
  const parts = await Promise.all(
    modules.map((path) => import(pathToFileURL(join(nodeModules, "@pawl/server", fileOf(path))).href)),
  );
  return Object.assign({}, ...parts); // the modules above export what the interface names
}

/**
 * Makes the stage, in the system's Postgres.
 *
 * @param system - what is measured
 * @returns the stage; the caller closes it
 */
export async function makeClaimStage(system: System): Promise<ClaimStage> {
  await system.withoutWorker();
  const name = "claims";
  await system.client.query(`drop database if exists ${name} with (force)`);
  const connection = await system.database(name);
  const store = await productStore(system.product);
  const database = store.openDatabase({ url: urlOf(connection), poolSize: 2 });
  await store.migrate(database);
  await store.makePartitions(database, new Date());
  const client = new pg.Client(connection);
  await client.connect();
  const [environmentId, projectId, hostId] = [randomUUID(), randomUUID(), randomUUID()];
  await client.query("insert into project (id, ref, name) values ($1, 'proj_bench', 'Bench')", [projectId]);
  await client.query(
    `insert into environment (id, project_id, slug, type, concurrency_limit) values ($1, $2, 'prod', 'PRODUCTION', 50000)`,
    [environmentId, projectId],
  );
  const retry = { maxAttempts: 3, factor: 2, minTimeoutInMs: 1_000, maxTimeoutInMs: 60_000, randomize: true };
  const { id: versionId } = await store.createVersionStore(database).register(environmentId, {
    contentHash: "bench-of-claims",
    processKeepAlive: true,
    tasks: [{ id: "claims", filePath: "trigger/claims.ts", queue: { name: "task/claims" }, retry }],
  });
  await store
    .createHostStore(database)
    .connect({ id: hostId, environmentId, name: "bench", versionIds: [versionId], leaseMs: 3_600_000 });
  const runs = store.createRunStore(database);
  const plain = { environmentId, taskId: "claims", payload: '{"json":{"n":1}}', payloadType: "application/super+json" };
  return {
    environmentId,
    hostId,
    versionId,
    async sql(text) {
      await client.query(text);
    },
    async queue(where) {
      await runs.insert(where.map((options) => store.newRun({ ...plain, ...options })));
    },
    async claim(direct) {
      const beganAtMs = performance.now();
      const { claimed } = await runs.claim({
        environmentId,
        hostId,
        versionIds: [versionId],
        direct,
        ahead: 0,
        processes: 50,
      });
      return { claimed, tookMs: performance.now() - beganAtMs };
    },
    async complete(claimed) {
      const completed = claimed.map(({ runId, fence }) => ({
        runId,
        fence,
        output: "1",
        outputType: "application/json",
        durationMs: 1,
      }));
      const nothing = { failed: [], started: [], returned: [], orphaned: [] };
      await runs.settle({ environmentId, hostId, completed, ...nothing });
    },
    async close() {
      await database.close();
      await client.end();
      await system.client.query(`drop database if exists ${name} with (force)`);
    },
  };
}

function urlOf({ host, port, user, password, database }: pg.ClientConfig): string {
  return `postgres://${user}:${password}@localhost:${port}/${database}?host=${encodeURIComponent(host ?? "localhost")}`;
}

/**
 * Runs of one queue pass through the store one after the other: queued, claimed, completed.
 *
 * @param stage - where
 * @param count - how many
 * @returns how long each claim took, in milliseconds
 */
export async function claimOneByOne(stage: ClaimStage, count: number): Promise<readonly number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    await stage.queue([{}]);
    const { claimed, tookMs } = await stage.claim(1);
    if (claimed.length !== 1) throw new Error(`A claim brought ${claimed.length} runs instead of one.`);
    await stage.complete(claimed);
    took.push(tookMs);
  }
  return took;
}

/**
 * The SQL for ids of version 7 made now, from a column `n` of numbers, unlike those of any other call.
 *
 * @returns an expression
 */
export function idOfNumber(): string {
  const atMs = Date.now().toString(16).padStart(12, "0");
  const mark = randomUUID().slice(0, 3);
  return `('${atMs.slice(0, 8)}-${atMs.slice(8)}-7${mark}-8000-' || lpad(to_hex(n), 12, '0'))::uuid`;
}
