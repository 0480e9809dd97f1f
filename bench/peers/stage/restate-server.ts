import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startProgram } from "../../system/child.ts";
import { freePort } from "./free-port.ts";

/** A Restate server with fresh data. */
export interface RestateServer {
  readonly ingressUrl: string;
  readonly adminUrl: string;
  stop(): Promise<void>;
}

/**
 * Starts the Restate server that npm installed: one node with its defaults, but for its ports and how many handlers run at once.
 *
 * @param dir - where its data and log go
 * @param peersDir - the folder with the peers' packages
 * @param concurrency - handlers at once, for each of its partitions
 * @returns the server, once it answers
 */
export async function startRestate(dir: string, peersDir: string, concurrency: number): Promise<RestateServer> {
  await mkdir(dir, { recursive: true });
  const [ingress, admin, node] = [await freePort(), await freePort(), await freePort()];
  const platform = `restate-server-${process.platform}-${process.arch}`;
  const program = join(peersDir, "node_modules/@restatedev", platform, "bin/restate-server");
  const child = startProgram(program, {
    args: ["--base-dir", join(dir, "data"), "--node-name", "bench", "--no-logo", "--listen-mode", "tcp"],
    cwd: dir,
    env: {
      ...process.env,
      RESTATE_BIND_ADDRESS: `127.0.0.1:${node}`,
      RESTATE_INGRESS__BIND_ADDRESS: `127.0.0.1:${ingress}`,
      RESTATE_ADMIN__BIND_ADDRESS: `127.0.0.1:${admin}`,
      RESTATE_WORKER__INVOKER__CONCURRENT_INVOCATIONS_LIMIT: String(concurrency),
      RESTATE_DISABLE_TELEMETRY: "true",
    },
    logPath: join(dir, "restate.log"),
  });
  const [ingressUrl, adminUrl] = [`http://127.0.0.1:${ingress}`, `http://127.0.0.1:${admin}`];
  const answers = async (url: string) => (await fetch(url).catch(() => null))?.ok === true;
  while (!(await answers(`${adminUrl}/health`)) || !(await answers(`${ingressUrl}/restate/health`))) {
    await Promise.race([delay(50), child.breakdown]);
  }
  return { ingressUrl, adminUrl, stop: () => child.kill() };
}
