import { rm } from "node:fs/promises";
import { awaitOutput, type Child, parseLine, startNode } from "./child.ts";
import type { Product } from "./product.ts";
import { childEnv, type Server } from "./server.ts";
import type { WorkFolder } from "./work-folder.ts";

/** What a worker is started with. */
export interface WorkerPlan {
  readonly product: Product;
  readonly folder: WorkFolder;
  readonly server: Server;
  /** Further arguments for Node. */
  readonly nodeArgs: readonly string[];
  /** Run processes; null: the worker's default. */
  readonly processes: number | null;
}

/**
 * Starts `pawl worker` for the bench's project.
 *
 * @param plan - with what
 * @returns the worker, once it has a process prepared; its connection to the server follows at once
 */
export async function startWorker({ product, folder, server, nodeArgs, processes }: WorkerPlan): Promise<Child> {
  const logPath = folder.logPath("worker");
  await rm(logPath, { force: true });
  const limit = processes === null ? [] : ["--processes", String(processes)];
  const child = startNode({
    args: [...product.nodeArgs, ...nodeArgs, product.cli, "worker", folder.projectDir, "--json", ...limit],
    cwd: folder.projectDir,
    env: childEnv({ TRIGGER_API_URL: server.apiUrl, TRIGGER_SECRET_KEY: server.secretKey }),
    logPath,
  });
  return awaitOutput(child, (lines) =>
    lines.some((line) => parseLine(line)?.type === "version_ready") ? child : null,
  );
}
