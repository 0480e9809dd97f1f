import type { HostMessage } from "@pawl/contract/worker-protocol";
import type { HostLink, HostSession } from "../host-link.ts";
import type { HostStore, RunStore } from "../ports.ts";
import { settle } from "../run/settle.ts";
import { ConnectedHost } from "./connected-host.ts";
import { closedLeaseMs, type LeaseKeeper, leaseMs } from "./lease-keeper.ts";

/** What a session needs of the engine around it. */
export interface HostSessionSettings {
  readonly runs: RunStore;
  readonly hosts: HostStore;
  /** Whether an error of the store may be the doing of one row of an array. */
  readonly isRowError: (error: unknown) => boolean;
  readonly leases: LeaseKeeper;
  /** The host is ready to be given runs. */
  readonly onConnected: (host: ConnectedHost) => void;
  readonly onClosed: (host: ConnectedHost) => void;
  /** The host has more room, or slots came free. */
  readonly onRoomChanged: (environmentId: string) => void;
  /** Runs were queued by a report. */
  readonly onQueued: (environmentId: string) => void;
  /** A run was delayed by a report, for this many milliseconds. */
  readonly onDelayed: (dueInMs: number) => void;
  readonly onError: (error: unknown) => void;
}

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
  let isGreeted = false;

  async function greet(hello: Extract<HostMessage, { type: "hello" }>): Promise<void> {
    const environmentId = link.environment.id;
    const { hostId, name, versions } = hello;
    await settings.hosts.connect({ id: hostId, environmentId, name, versionIds: versions, leaseMs });
    const lost = await settings.runs.reconcile(environmentId, hello.hostId, hello.held);
    // A server that died right after a registration or a trigger may have left runs behind whose task there is.
    await settings.runs.promotePending(environmentId);
    if (!link.isOpen) return;
    const { id, slug, type } = link.environment;
    link.send({ type: "welcome", leaseMs, environment: { id, slug, type }, lost: [...lost] });
    host = new ConnectedHost(hello.hostId, link, hello.versions, hello.capacity);
    settings.leases.add(host);
    settings.onConnected(host);
  }

  async function applyReport(from: ConnectedHost, report: Extract<HostMessage, { type: "report" }>): Promise<void> {
    from.update(report.capacity);
    settings.onRoomChanged(from.environmentId);
    const isEmpty = report.results.length + report.started.length + report.returned.length === 0;
    if (isEmpty) {
      link.send({ type: "ack", report: report.report, lost: [] });
      return;
    }
    const outcome = await settle(settings, from, report);
    link.send({ type: "ack", report: report.report, lost: [...outcome.lost] });
    if (outcome.nextDueInMs !== null) settings.onDelayed(outcome.nextDueInMs);
    if (outcome.hasQueued) settings.onQueued(from.environmentId);
    else settings.onRoomChanged(from.environmentId);
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
      } else if (host === null) {
        closeOn(new Error(`A host sent "${message.type}" before it was welcome.`));
      } else if (message.type === "report") {
        applyReport(host, message).catch(closeOn);
      } else {
        host.update(message.capacity);
        if (message.versions !== undefined) {
          host.versionIds = message.versions;
          settings.hosts.announce(host.id, message.versions).catch(settings.onError);
          settings.onQueued(host.environmentId);
        } else settings.onRoomChanged(host.environmentId);
      }
    },
    alive() {
      if (host !== null) settings.leases.alive(host);
    },
    closed() {
      if (host === null) return;
      settings.leases.remove(host);
      settings.onClosed(host);
      settings.hosts
        .shorten(host.id, closedLeaseMs)
        .then(() => settings.leases.expect(closedLeaseMs), settings.onError);
    },
  };
}
