import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientConfig } from "pg";
import type { Product } from "./product.ts";
import { startServer } from "./server.ts";
import type { WorkFolder } from "./work-folder.ts";
import { startWorker } from "./worker.ts";

/** What a second server is started with. */
export interface SecondServerPlan {
  readonly product: Product;
  /** Of the first one. */
  readonly folder: WorkFolder;
  readonly processes: number | null;
  /** How to reach the first one's Postgres. */
  readonly postgres: ClientConfig;
}

/**
 * Starts another server on the Postgres of the first, with a worker of its own.
 *
 * @param plan - with what
 * @param undo - gets the steps that stop both
 * @returns both, to be stopped
 */
export async function startSecondServer(
  { product, folder, processes, postgres }: SecondServerPlan,
  undo: (() => Promise<unknown>)[],
) {
  const own: WorkFolder = {
    ...folder,
    dataDir: join(folder.dir, "second-data"),
    logPath: (name) => folder.logPath(`second-${name}`),
  };
  await mkdir(own.dataDir, { recursive: true });
  const server = await startServer(product, own, null, {
    DATABASE_URL: urlOf(postgres),
    PAWL_ENCRYPTION_KEY: (await readFile(join(folder.dataDir, "encryption-key"), "utf8")).trim(),
  });
  undo.push(() => server.child.stop());
  const worker = await startWorker({ product, folder: own, server, profileDir: null, processes });
  undo.push(() => worker.stop());
  return {
    async stop() {
      await worker.stop();
      await server.child.stop();
    },
  };
}

function urlOf({ host, port, user, password, database }: ClientConfig): string {
  const query = new URLSearchParams({ host: host ?? "", port: String(port) });
  return `postgres://${user}:${String(password)}@/${database}?${query}`;
}
