import type { Dispatchers } from "../dispatchers.ts";
import { LeaseKeeper } from "../host/lease-keeper.ts";
import { OrderDesk } from "../host/order-desk.ts";
import type { HostStore, RunStore } from "../ports.ts";
import { CancelDeadlines } from "./cancel-deadlines.ts";
import { DueRuns } from "./due-runs.ts";
import { LaneSweep } from "./lane-sweep.ts";

/** What the services need of the engine around them. */
export interface EngineServicesSettings {
  readonly runs: RunStore;
  readonly hosts: HostStore;
  readonly dispatchers: Dispatchers;
  readonly onError: (error: unknown) => void;
}

/** What keeps runs moving without anybody asking. */
export interface EngineServices {
  readonly leases: LeaseKeeper;
  readonly dueRuns: DueRuns;
  readonly deadlines: CancelDeadlines;
  readonly orders: OrderDesk;
  start(): void;
  /** Resolves when nothing of them runs any more; safe twice. */
  stop(): Promise<void>;
}

/**
 * Makes the services of an engine.
 *
 * @param settings - the engine around them
 * @returns them, not yet started
 */
export function createServices({ runs, hosts, dispatchers, onError }: EngineServicesSettings): EngineServices {
  const now = () => performance.now();
  const onFreed = (environmentId: string) => dispatchers.freed(environmentId);
  const deadlines = new CancelDeadlines({ runs, onFreed, onError, now });
  const orders = new OrderDesk({
    runs,
    hostsOf: (environmentId) => dispatchers.hostsOf(environmentId),
    deadlines,
    onError,
  });
  const dueRuns = new DueRuns({
    runs,
    onFreed,
    // A host of another server finds out when it wants to start the run.
    onRecalled: (recalled) => void orders.send({ cancelling: [], recalled }),
    onError,
  });
  const leases = new LeaseKeeper({ hosts, runs, onQueued: onFreed, onError, now, timeOfDay: () => Date.now() });
  const sweep = new LaneSweep({ runs, hasHosts: () => dispatchers.hasHosts, onFreed, onError });
  const services = [leases, dueRuns, deadlines, sweep];
  return {
    leases,
    dueRuns,
    deadlines,
    orders,
    start() {
      for (const service of services) service.start();
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
      await orders.settled();
    },
  };
}
