import type { Started } from "../../system/further.ts";
import type { System } from "../../system/system.ts";
import { idFromNow } from "../copies.ts";
import type { Curve, Scene } from "../curve.ts";

/** Run processes of all hosts together. */
const processes = 16;

/** Servers on one Postgres, each with a host of its own. */
export const servers: Curve = {
  name: "servers",
  title: "With more servers on one Postgres",
  unit: "servers with a host each; 16 run processes in all",
  sizes: [1, 2, 4],
  quickSizes: [1, 2],
  isKept: false,
  arrange: (system, size) =>
    withHosts(system, [
      () => system.further.startWorker(processes / size),
      ...Array.from({ length: size - 1 }, () => () => system.further.startServer(processes / size)),
    ]),
};

/** Hosts at one server. */
export const hosts: Curve = {
  name: "hosts",
  title: "With more hosts at one server",
  unit: "hosts; 16 run processes in all",
  sizes: [1, 4, 16],
  quickSizes: [1, 4],
  isKept: false,
  arrange: (system, size) =>
    withHosts(
      system,
      Array.from({ length: size }, () => () => system.further.startWorker(processes / size)),
    ),
};

async function withHosts(system: System, starts: readonly (() => Promise<Started>)[]): Promise<Scene> {
  await system.withoutWorker();
  const started: Started[] = [];
  for (const start of starts) started.push(await start());
  return {
    sinceId: idFromNow(),
    async stop() {
      await Promise.all(started.map((one) => one.stop()));
    },
  };
}
