import type { ClientCallName, ClientName } from "../load/protocol.ts";
import type { System } from "../system/system.ts";
import type { Measure, Sample } from "./measure.ts";
import { median } from "./statistics.ts";

const calls = ["trigger", "retrieve", "batch", "list"] as const satisfies readonly ClientCallName[];
const clients = ["pawl", "original"] as const satisfies readonly ClientName[];

/** Long enough that the clock of processor time, which ticks each 10 ms, tells the phases apart. */
const callsOfPhase: Readonly<Record<ClientCallName, number>> = {
  trigger: 1_500,
  retrieve: 1_000,
  batch: 250,
  list: 600,
};
const phases = 3;
const callsInTurn = 150;

/**
 * What the same call costs with the original's unmodified SDK and with Pawl's, against the same server, as ratios: the original's to
 * Pawl's. `client_overhead_…`: the processor time that server and Postgres use for a call, in phases that alternate between the clients,
 * one call after the other: of calls at once the server makes arrays, and a client that is faster itself would get longer ones.
 * `client_wall_…`: the medians of single calls, one after the other, the clients in turn; here the clients'
 * own work counts too, of which the original's has more: it goes through `fetch` and parses each answer with a schema.
 */
export const clientOverhead: Measure = {
  gives: [
    "client_overhead_trigger_ratio",
    "client_overhead_retrieve_ratio",
    "client_overhead_batch_ratio",
    "client_overhead_list_ratio",
    "client_wall_trigger_ratio",
    "client_wall_retrieve_ratio",
    "client_wall_batch_ratio",
    "client_wall_list_ratio",
  ],
  async sample(system) {
    await system.withoutWorker();
    await system.rows.settle();
    const sample: Record<string, number> = {};
    for (const call of calls) {
      sample[`client_overhead_${call}_ratio`] = await cpuRatio(system, call);
      sample[`client_wall_${call}_ratio`] = await wallRatio(system, call);
    }
    await system.worker();
    await system.rows.awaitAllFinished();
    return sample as Sample; // the names of the figures
  },
};

async function cpuRatio(system: System, call: ClientCallName): Promise<number> {
  const used: Record<ClientName, number> = { pawl: 0, original: 0 };
  const request = { call, count: callsOfPhase[call], callers: 1 };
  for (const client of clients) await system.load.call("client_calls", { ...request, client, count: 50 });
  for (let phase = 0; phase < phases; phase++) {
    for (const client of clients) {
      const before = await serverMs(system);
      await system.load.call("client_calls", { ...request, client });
      used[client] += (await serverMs(system)) - before;
    }
  }
  const perCall = clients.map((name) => `${name} ${Math.round((used[name] / phases / request.count) * 1_000)} µs`);
  system.note(`${call}: processor time of server and Postgres for a call: ${perCall.join(", ")}`);
  return used.original / used.pawl;
}

async function serverMs(system: System): Promise<number> {
  const times = await system.cpuTimes();
  if (times === null) throw new Error("Processor time can only be read where there is /proc.");
  return times.server + times.postgres;
}

async function wallRatio(system: System, call: ClientCallName): Promise<number> {
  const { elapsedMs } = await system.load.call("clients_in_turn", { call, count: callsInTurn });
  const medians = clients.map((name) => `${name} ${median(elapsedMs[name]).toFixed(2)} ms`);
  system.note(`${call}: one call: ${medians.join(", ")}`);
  return median(elapsedMs.original) / median(elapsedMs.pawl);
}
