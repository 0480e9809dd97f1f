import { rm } from "node:fs/promises";
import { awaitOutput, type Child, parseLine, startNode } from "./child.ts";
import type { Product } from "./product.ts";
import { childEnv, profiling, type Server } from "./server.ts";
import type { WorkFolder } from "./work-folder.ts";

/** What a worker is started with. */
export interface WorkerPlan {
  readonly product: Product;
  readonly folder: WorkFolder;
  readonly server: Server;
  /** Where CPU profiles of host and run processes go; null: none are taken. */
  readonly profileDir: string | null;
  /** Run processes; null: the worker's default. */
  readonly processes: number | null;
  /** Variables of its environment; default: none. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts `pawl worker` for the bench's project.
 *
 * @param plan - with what
 * @returns the worker, once it has a process prepared; its connection to the server follows at once
 */
export async function startWorker(plan: WorkerPlan): Promise<Child> {
  const { product, folder, server, profileDir, processes, settings } = plan;
  const logPath = folder.logPath("worker");
  await rm(logPath, { force: true });
  const limit = processes === null ? [] : ["--processes", String(processes)];
  const child = startNode({
    args: [...product.nodeArgs, product.cli, "worker", folder.projectDir, "--json", ...limit],
    cwd: folder.projectDir,
    env: childEnv({
      TRIGGER_API_URL: server.apiUrl,
      TRIGGER_SECRET_KEY: server.secretKey,
      ...profiling(profileDir, "worker"),
      ...settings,
    }),
    logPath,
  });
  return awaitOutput(child, (lines) =>
    lines.some((line) => parseLine(line)?.type === "version_ready") ? child : null,
  );
}
