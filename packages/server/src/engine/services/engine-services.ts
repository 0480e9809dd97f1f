import type { BulkActionStore } from "../bulk-ports.ts";
import type { Dispatchers } from "../dispatchers.ts";
import { LeaseKeeper } from "../host/lease-keeper.ts";
import { OrderDesk } from "../host/order-desk.ts";
import type { HostStore } from "../host-ports.ts";
import type { CancelOutcome, RunStore } from "../ports.ts";
import { tellCanceled } from "../run/tell-canceled.ts";
import type { ScheduleStore } from "../schedule-ports.ts";
import { BulkActions } from "./bulk-actions.ts";
import { bulkWork } from "./bulk-actions-work.ts";
import { CancelDeadlines } from "./cancel-deadlines.ts";
import { DueRuns } from "./due-runs.ts";
import { LaneSweep } from "./lane-sweep.ts";
import { ScheduleFires } from "./schedule-fires.ts";

/** What the services need of the engine around them. */
export interface EngineServicesSettings {
  readonly runs: RunStore;
  readonly hosts: HostStore;
  readonly schedules: ScheduleStore;
  readonly bulkActions: BulkActionStore;
  readonly dispatchers: Dispatchers;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
  readonly onError: (error: unknown) => void;
}

/** What keeps runs moving without anybody asking. */
export interface EngineServices {
  readonly leases: LeaseKeeper;
  readonly dueRuns: DueRuns;
  readonly deadlines: CancelDeadlines;
  readonly orders: OrderDesk;
  readonly scheduleFires: ScheduleFires;
  readonly bulkActions: BulkActions;
  /** Tells whom it concerns that runs were cancelled. */
  readonly onCanceled: (environmentId: string, outcome: CancelOutcome) => void;
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
export function createServices(settings: EngineServicesSettings): EngineServices {
  const { runs, hosts, schedules, dispatchers, onError } = settings;
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
  const onQueued = (environmentId: string) => dispatchers.queued(environmentId);
  const onDue = (dueInMs: number) => dueRuns.expect(dueInMs);
  const onCanceled = (environmentId: string, outcome: CancelOutcome) => {
    if (outcome.hasHooks) dueRuns.expect(0);
    tellCanceled(orders, dispatchers, environmentId, outcome);
  };
  const onRescued = (environmentId: string) => {
    dueRuns.expect(0); // hooks of those that have ended
    onFreed(environmentId);
  };
  const scheduleFires = new ScheduleFires({ schedules, runs, onCanceled, onQueued, onDue, onError }, now);
  const leases = new LeaseKeeper({ hosts, runs, onQueued: onRescued, onError, now, timeOfDay: () => Date.now() });
  const sweep = new LaneSweep({ runs, hasHosts: () => dispatchers.hasHosts, onFreed, onError });
  const bulkActions = new BulkActions({
    store: settings.bulkActions,
    work: bulkWork({
      runs,
      store: settings.bulkActions,
      onCanceled,
      onQueued,
      onDue,
      isRowError: settings.isRowError,
    }),
    onError,
  });
  const services = [leases, dueRuns, deadlines, sweep, scheduleFires, bulkActions];
  return {
    leases,
    dueRuns,
    deadlines,
    orders,
    scheduleFires,
    bulkActions,
    onCanceled,
    start() {
      for (const service of services) service.start();
    },
    async stop() {
      await Promise.all(services.map((service) => service.stop()));
      await orders.settled();
    },
  };
}
