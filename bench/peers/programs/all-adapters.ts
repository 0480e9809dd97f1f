import type { AdapterName } from "../protocol.ts";
import type { Adapter } from "./adapter.ts";

const adapters: Readonly<Record<AdapterName, () => Promise<Adapter>>> = {
  bare: async () => (await import("./bare.ts")).bare,
  "pg-boss": async () => (await import("./pg-boss.ts")).pgBoss,
  "graphile-worker": async () => (await import("./graphile-worker.ts")).graphileWorker,
  bullmq: async () => (await import("./bullmq.ts")).bullmq,
  dbos: async () => (await import("./dbos.ts")).dbos,
  restate: async () => (await import("./restate.ts")).restatePeer,
  openworkflow: async () => (await import("./openworkflow.ts")).openWorkflow,
};

/**
 * Loads the adapter of a package, and no other package.
 *
 * @param name - of the package
 * @returns the adapter
 */
export function loadAdapter(name: AdapterName): Promise<Adapter> {
  return adapters[name]();
}
