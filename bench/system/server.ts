import { join } from "node:path";
import { z } from "zod";
import { awaitOutput, type Child, parseLine, startNode } from "./child.ts";
import type { Product } from "./product.ts";
import type { WorkFolder } from "./work-folder.ts";

/** A running `pawl server` on its embedded Postgres. */
export interface Server {
  readonly child: Child;
  readonly apiUrl: string;
  /** Of the environment `prod`, which everything is measured in. */
  readonly secretKey: string;
}

/** The environment that everything is measured in. */
export const environmentSlug = "prod";

const readySchema = z.object({
  apiUrl: z.string(),
  environments: z.array(z.object({ slug: z.string(), secretKey: z.string() })),
});

/**
 * Starts `pawl server` on a free port.
 *
 * @param product - which Pawl
 * @param folder - has its data
 * @param profileDir - where its CPU profile goes; null: none is taken
 * @param settings - variables of its environment, such as a Postgres that is not its own
 * @returns the server, once it listens
 */
export async function startServer(
  product: Product,
  folder: WorkFolder,
  profileDir: string | null,
  settings: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = startNode({
    args: [...product.nodeArgs, product.cli, "server", "--port", "0", "--data-dir", folder.dataDir, "--json"],
    cwd: folder.dir,
    env: childEnv({ ...settings, ...profiling(profileDir, "server") }),
    logPath: folder.logPath("server"),
  });
  return awaitOutput(child, (lines) => {
    for (const line of lines) {
      const ready = readySchema.safeParse(parseLine(line));
      const key = ready.data?.environments.find(({ slug }) => slug === environmentSlug)?.secretKey;
      if (ready.success && key !== undefined) return { child, apiUrl: ready.data.apiUrl, secretKey: key };
    }
    return null;
  });
}

/**
 * The environment of a measured process: that of the bench without settings that would reach Pawl.
 *
 * @param added - variables to add
 * @returns the environment
 */
export function childEnv(added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(TRIGGER|PAWL|DATABASE|NODE|PORT$|npm_)/.test(name));
  return { ...Object.fromEntries(own), ...added };
}

/**
 * Lets a process, and every Node that it starts, write a CPU profile when it ends.
 *
 * @param profileDir - null: none is taken
 * @param part - names the folder in it
 * @returns variables for its environment
 */
export function profiling(profileDir: string | null, part: string): Readonly<Record<string, string>> {
  if (profileDir === null) return {};
  return { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${JSON.stringify(join(profileDir, part))}` };
}
