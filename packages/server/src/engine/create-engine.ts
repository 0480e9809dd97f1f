import { Batcher } from "./batcher.ts";
import { Dispatchers } from "./dispatchers.ts";
import type { Engine } from "./engine.ts";
import { type HostSessionSettings, openHostSession } from "./host/host-session.ts";
import type { HostLink, HostSession } from "./host-link.ts";
import type { NewRun, TriggerOutcome } from "./ports.ts";
import { trigger } from "./run/trigger.ts";
import { createServices } from "./services/engine-services.ts";
import { bulkVerbs } from "./verbs/bulk-verbs.ts";
import type { EngineParts, EngineSettings } from "./verbs/engine-parts.ts";
import { queueVerbs } from "./verbs/queue-verbs.ts";
import { type RunVerbs, runVerbs } from "./verbs/run-verbs.ts";
import { scheduleVerbs } from "./verbs/schedule-verbs.ts";
import { streamVerbs } from "./verbs/stream-verbs.ts";
import { waitVerbs } from "./verbs/wait-verbs.ts";

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
  const { runs } = settings;
  const dispatchers = new Dispatchers(settings);
  const services = createServices({ ...settings, dispatchers });
  const triggerSettings = {
    runs,
    dispatcherOf: (environmentId: string) => dispatchers.of(environmentId),
    onQueued: (environmentId: string) => dispatchers.queued(environmentId),
    onDue: (dueInMs: number) => services.dueRuns.expect(dueInMs),
  };
  const triggers = new Batcher<NewRun, TriggerOutcome>({
    run: (array) => trigger(triggerSettings, array),
    maxItems: maxTriggerBatch,
    maxInFlight: maxTriggersInFlight,
    isItemError: settings.isRowError,
  });
  const parts: EngineParts = { settings, dispatchers, services, triggers };
  const verbs = runVerbs(parts);
  return {
    ...verbs,
    ...waitVerbs(parts),
    ...queueVerbs(parts),
    ...scheduleVerbs(parts),
    ...bulkVerbs(parts),
    ...streamVerbs(parts),
    freeProcesses: (environmentId) =>
      new Map(dispatchers.hostsOf(environmentId).map((host) => [host.id, host.room.direct])),
    envVarsChanged: (environmentId) => dispatchers.envVarsChangedEverywhere(environmentId),
    openHost: (link) => openHost(link, parts, verbs),
    wake(environmentId, notice) {
      if (notice === "queued") dispatchers.of(environmentId)?.queued();
      if (notice === "freed" || notice === undefined) dispatchers.of(environmentId)?.freed();
      if (notice === "ordered" || notice === undefined) services.orders.look(environmentId);
      if (notice === "env_vars") dispatchers.envVarsChanged(environmentId);
      if (notice === "bulk_action" || notice === undefined) services.bulkActions.expect(0);
    },
    async start() {
      services.start();
    },
    async stop() {
      await services.stop();
      await dispatchers.settled();
    },
  };
}

function openHost(link: HostLink, { settings, dispatchers, services }: EngineParts, verbs: RunVerbs): HostSession {
  const { runs, hosts, waits, isRowError, onError } = settings;
  const onDue = (dueInMs: number) => services.dueRuns.expect(dueInMs);
  const onFreed = (environmentId: string, isAwaited: boolean) => {
    if (isAwaited || dispatchers.of(environmentId)?.isFull === true) dispatchers.freed(environmentId);
  };
  const session: HostSessionSettings = {
    runs,
    hosts,
    calls: { waits, trigger: verbs.trigger, createBatch: verbs.createBatch, isRowError, onFreed, onDue },
    isRowError,
    leases: services.leases,
    orders: services.orders,
    deadlines: services.deadlines,
    onConnected(host) {
      dispatchers.add(host);
      services.dueRuns.expect(0); // what is due may be known to a server only that has died since
      void services.scheduleFires.wake(host.environmentId);
    },
    onAnnounced: (environmentId) => void services.scheduleFires.wake(environmentId),
    onClosed: (host) => dispatchers.of(host.environmentId)?.remove(host),
    onRoomChanged: (environmentId) => dispatchers.of(environmentId)?.roomChanged(),
    onQueued: (environmentId) => dispatchers.queued(environmentId),
    onFreed,
    onDue,
    onError,
  };
  return openHostSession(link, session);
}
