import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ClientConfig } from "pg";
import type { Child } from "./child.ts";
import type { Product } from "./product.ts";
import { type Server, startServer } from "./server.ts";
import type { WorkFolder } from "./work-folder.ts";
import { startWorker } from "./worker.ts";

/** What further servers and workers are started with. */
export interface FurtherPlan {
  readonly product: Product;
  /** Of the first server. */
  readonly folder: WorkFolder;
  readonly server: Server;
  /** How to reach the first one's Postgres. */
  readonly postgres: ClientConfig;
}

/** Started beside others; whoever started it stops it. */
export interface Started {
  stop(): Promise<void>;
}

/** The servers and workers of a system beside its first. */
export interface Further {
  /** Those that run. */
  readonly servers: ReadonlySet<Child>;
  readonly workers: ReadonlySet<Child>;
  /** Starts a worker at the first server; `processes` null: as many as a worker has by default. */
  startWorker(processes: number | null): Promise<Started>;
  /** Starts a server on the Postgres of the first, with a worker of its own. */
  startServer(processes: number | null): Promise<Started>;
}

/**
 * Makes what starts further servers and workers.
 *
 * @param plan - with what
 * @param undo - gets the steps that stop them
 * @returns the starter
 */
export function furtherOnes(plan: FurtherPlan, undo: (() => Promise<unknown>)[]): Further {
  const { product, server: first } = plan;
  const servers = new Set<Child>();
  const workers = new Set<Child>();
  let count = 0;
  const keep = (child: Child, group: Set<Child>): Started => {
    group.add(child);
    const stop = async () => {
      group.delete(child);
      await child.stop();
    };
    undo.push(stop);
    return { stop };
  };
  const startOwn = async (folder: WorkFolder, server: Server, processes: number | null) =>
    keep(await startWorker({ product, folder, server, profileDir: null, processes }), workers);
  return {
    servers,
    workers,
    startWorker: (processes) => startOwn(folderOf(plan, ++count), first, processes),
    async startServer(processes) {
      const folder = folderOf(plan, ++count);
      const server = await startServer(product, folder, null, await settingsOf(plan, folder));
      const kept = keep(server.child, servers);
      const worker = await startOwn(folder, server, processes);
      return {
        async stop() {
          await worker.stop();
          await kept.stop();
        },
      };
    },
  };
}

function folderOf({ folder }: FurtherPlan, number: number): WorkFolder {
  const name = `further-${number}`;
  return {
    ...folder,
    dataDir: join(folder.dir, `${name}-data`),
    logPath: (log) => folder.logPath(`${name}-${log}`),
  };
}

async function settingsOf({ folder, postgres }: FurtherPlan, own: WorkFolder) {
  await mkdir(own.dataDir, { recursive: true });
  return {
    DATABASE_URL: urlOf(postgres),
    PAWL_ENCRYPTION_KEY: (await readFile(join(folder.dataDir, "encryption-key"), "utf8")).trim(),
  };
}

function urlOf({ host, port, user, password, database }: ClientConfig): string {
  const query = new URLSearchParams({ host: host ?? "", port: String(port) });
  return `postgres://${user}:${String(password)}@/${database}?${query}`;
}
