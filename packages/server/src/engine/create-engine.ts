import { randomBytes } from "node:crypto";
import { newUuid } from "@pawl/contract/ids";
import { Batcher } from "./batcher.ts";
import { Dispatcher } from "./dispatcher.ts";
import type { Engine, TriggerRequest } from "./engine.ts";
import { openHostSession } from "./host/host-session.ts";
import { LeaseKeeper } from "./host/lease-keeper.ts";
import type { BatchStore, HostStore, NewRun, Notifier, RunStore, TriggerOutcome, VersionStore } from "./ports.ts";
import { trigger } from "./run/trigger.ts";
import { DueRuns } from "./services/due-runs.ts";

/** What an engine is made of. */
export interface EngineSettings {
  readonly runs: RunStore;
  readonly hosts: HostStore;
  readonly versions: VersionStore;
  readonly batches: BatchStore;
  readonly notifier: Notifier;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
  /** Told of errors that no caller sees; the work is tried again. */
  readonly onError: (error: unknown) => void;
}

/** The most runs that one transaction makes for single triggers. */
const maxTriggerBatch = 500;

/** How many such transactions are under way at once: with one, arrays are twice as long, and cost less than two short ones. */
const maxTriggersInFlight = 1;

/**
 * Makes the engine: the verbs, and the services that keep runs moving.
 *
 * @param settings - stores and callbacks
 * @returns the engine, not yet started
 */
export function createEngine(settings: EngineSettings): Engine {
  const dispatchers = new Map<string, Dispatcher>();
  const dispatcherOf = (environmentId: string) => dispatchers.get(environmentId) ?? null;
  const wake = (environmentId: string) => dispatcherOf(environmentId)?.wake();
  const queued = (environmentId: string) => {
    wake(environmentId);
    settings.notifier.notify(environmentId);
  };
  const dueRuns = new DueRuns({ runs: settings.runs, onQueued: queued, onError: settings.onError });
  const leases = new LeaseKeeper({
    hosts: settings.hosts,
    runs: settings.runs,
    onQueued: queued,
    onError: settings.onError,
    now: () => performance.now(),
    timeOfDay: () => Date.now(),
  });

  async function triggerArray(runs: readonly NewRun[]): Promise<readonly TriggerOutcome[]> {
    const outcomes = await trigger(settings.runs, dispatcherOf, runs);
    for (const id of new Set(runs.map((run) => run.environmentId))) settings.notifier.notify(id);
    return outcomes;
  }

  const triggers = new Batcher<NewRun, TriggerOutcome>({
    run: triggerArray,
    maxItems: maxTriggerBatch,
    maxInFlight: maxTriggersInFlight,
    isItemError: settings.isRowError,
  });

  return {
    trigger: (request) => triggers.add(newRun(request)),
    triggerMany: (requests) => triggers.addAll(requests.map(newRun)),
    async createBatch(environmentId, runCount, requestKey) {
      const { id, isFound } = await settings.batches.create({ environmentId, id: newUuid(), runCount, requestKey });
      return { id, runCount, isFound };
    },
    async registerVersion(environment, manifest) {
      const version = await settings.versions.register(environment.id, manifest);
      await settings.runs.promotePending(environment.id);
      queued(environment.id);
      return version;
    },
    openHost: (link) =>
      openHostSession(link, {
        runs: settings.runs,
        hosts: settings.hosts,
        isRowError: settings.isRowError,
        leases,
        onConnected: (host) => {
          const dispatcher = dispatcherOf(host.environmentId) ?? new Dispatcher(settings.runs, settings.onError);
          dispatchers.set(host.environmentId, dispatcher);
          dispatcher.add(host);
          dueRuns.expect(0); // a run that it delayed may be known to a server only that has died since
        },
        onClosed: (host) => dispatcherOf(host.environmentId)?.remove(host),
        onRoomChanged: (environmentId) => dispatcherOf(environmentId)?.roomChanged(),
        onQueued: queued,
        onDelayed: (dueInMs) => dueRuns.expect(dueInMs),
        onError: settings.onError,
      }),
    wake,
    async start() {
      leases.start();
      dueRuns.start();
    },
    async stop() {
      await Promise.all([leases.stop(), dueRuns.stop(), ...[...dispatchers.values()].map((one) => one.settled())]);
    },
  };
}

function newRun(request: TriggerRequest): NewRun {
  return { ...request, id: request.id ?? newUuid(), traceId: request.traceId ?? randomBytes(16).toString("hex") };
}
