import type { HostMessage } from "@pawl/contract/worker-protocol";
import type { HostLink, HostSession } from "../host-link.ts";
import type { HostStore } from "../host-ports.ts";
import type { ResumedRun, RunStore } from "../ports.ts";
import { type CallSettings, RunCalls } from "../run/calls.ts";
import { settle } from "../run/settle.ts";
import type { CancelDeadlines } from "../services/cancel-deadlines.ts";
import { ConnectedHost } from "./connected-host.ts";
import { closedLeaseMs, type LeaseKeeper, leaseMs } from "./lease-keeper.ts";
import type { OrderDesk } from "./order-desk.ts";

/** What a session needs of the engine around it. */
export interface HostSessionSettings {
  readonly runs: RunStore;
  readonly hosts: HostStore;
  /** What its runs may ask for. */
  readonly calls: CallSettings;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
  readonly leases: LeaseKeeper;
  readonly orders: OrderDesk;
  readonly deadlines: CancelDeadlines;
  /** The host is ready to be given runs. */
  readonly onConnected: (host: ConnectedHost) => void;
  readonly onClosed: (host: ConnectedHost) => void;
  /** It is stored which versions the host has now. */
  readonly onAnnounced: (environmentId: string) => void;
  /** The host has more room. */
  readonly onRoomChanged: (environmentId: string) => void;
  /** Runs were queued by a report, or can be executed now that the host has another version. */
  readonly onQueued: (environmentId: string) => void;
  /** A report gave slots back: `isAwaited` when that concerns a limited queue or a wait, and not only the environment's limit. */
  readonly onFreed: (environmentId: string, isAwaited: boolean) => void;
  /** A run is due in this many milliseconds. */
  readonly onDue: (dueInMs: number) => void;
  readonly onError: (error: unknown) => void;
}

type Hello = Extract<HostMessage, { type: "hello" }>;

/**
 * One connection of a worker host, from its hello to its close. A host that reconnects says what it holds; the store's view
 * is brought in line before it is given anything new. An error of the store closes the connection: the host comes back and
 * sends again what was not acknowledged.
 *
 * @param link - the connection
 * @param settings - the engine around it
 * @returns what the gateway tells of it
 */
export function openHostSession(link: HostLink, settings: HostSessionSettings): HostSession {
  let host: ConnectedHost | null = null;
  let calls: RunCalls | null = null;
  let isGreeted = false;

  async function greet(hello: Hello): Promise<void> {
    const welcome = await welcomeHost(link, hello, settings);
    if (welcome === null) return;
    host = welcome.host;
    calls = new RunCalls(host, settings.calls);
    settings.leases.add(host);
    host.resume(welcome.resumed);
    settings.onConnected(host);
    settings.onQueued(host.environmentId); // what it lost may be for others
    settings.onFreed(host.environmentId, true);
    await settings.orders.greet(host);
  }

  async function applyReport(from: ConnectedHost, report: Extract<HostMessage, { type: "report" }>): Promise<void> {
    from.update(report.capacity);
    settings.onRoomChanged(from.environmentId);
    const { results, returned, orphaned } = report;
    const gaveBack = results.length + returned.length + orphaned.length > 0;
    if (!gaveBack && report.started.length === 0) {
      link.send({ type: "ack", report: report.report, lost: [] });
      return;
    }
    const { id, environmentId } = from;
    const resuming = from.ended(results) ? { resumesOn: from.connection } : {};
    const outcome = await settle(settings, { id, environmentId, ...resuming }, report);
    link.send({ type: "ack", report: report.report, lost: [...outcome.lost] });
    from.resume(outcome.resumed ?? []);
    settings.deadlines.remove(results.map((result) => result.runId));
    if (outcome.nextDueInMs !== null) settings.onDue(outcome.nextDueInMs);
    if (outcome.hasQueued) settings.onQueued(from.environmentId);
    if (gaveBack) settings.onFreed(from.environmentId, outcome.hasFreed);
  }

  function closeOn(error: unknown): void {
    settings.onError(error);
    link.close();
  }

  return {
    receive(message) {
      if (host !== null) settings.leases.alive(host);
      if (message.type === "hello") {
        if (isGreeted) return;
        isGreeted = true;
        greet(message).catch(closeOn);
      } else if (host === null || calls === null) {
        closeOn(new Error(`A host sent "${message.type}" before it was welcome.`));
      } else if (message.type === "report") {
        applyReport(host, message).catch(closeOn);
      } else if (message.type === "calls") {
        calls.apply(message.calls).catch(closeOn);
      } else {
        takeCapacity(host, message, settings);
      }
    },
    alive() {
      if (host !== null) settings.leases.alive(host);
    },
    closed() {
      if (host === null) return;
      settings.leases.remove(host);
      settings.onClosed(host);
      if (link.isPolled === true) return;
      settings.hosts
        .shorten(host.id, host.connection, closedLeaseMs)
        .then(() => settings.leases.expect(closedLeaseMs), settings.onError);
    },
  };
}

/** Brings the store in line with what a host says of itself, and welcomes it; null when its connection has closed meanwhile. */
async function welcomeHost(
  link: HostLink,
  { hostId, name, versions, held, capacity }: Hello,
  { runs, hosts }: HostSessionSettings,
): Promise<{ readonly host: ConnectedHost; readonly resumed: readonly ResumedRun[] } | null> {
  const { id, slug, type, projectId, projectRef: ref, projectName } = link.environment;
  const isPolled = link.isPolled === true;
  const comes = { id: hostId, environmentId: id, name, versionIds: versions, leaseMs, keepsConnection: isPolled };
  const connection = await hosts.connect(comes);
  const lost = isPolled ? [] : await runs.reconcile(id, hostId, held);
  // A server that died right after a registration or a trigger may have left runs behind whose task there is.
  await runs.promotePending(id);
  const resumed = await runs.resumedBefore(id, hostId);
  if (!link.isOpen) return null;
  const project = { id: projectId, ref, name: projectName };
  link.send({ type: "welcome", leaseMs, environment: { id, slug, type, project }, lost: [...lost] });
  return { host: new ConnectedHost(hostId, connection, link, versions, capacity), resumed };
}

/** What a host can take now; a version that is new to it may have runs waiting. */
function takeCapacity(
  host: ConnectedHost,
  { capacity, versions }: Extract<HostMessage, { type: "capacity" }>,
  settings: HostSessionSettings,
): void {
  host.update(capacity);
  if (versions === undefined) return settings.onRoomChanged(host.environmentId);
  host.versionIds = versions;
  settings.hosts.announce(host.id, versions).then(() => settings.onAnnounced(host.environmentId), settings.onError);
  settings.onQueued(host.environmentId);
}
