import { Dispatcher, type DispatcherSettings } from "./dispatcher.ts";
import type { ConnectedHost } from "./host/connected-host.ts";
import type { Notifier } from "./notice-ports.ts";

/** What the dispatchers need of the engine around them. */
export interface DispatchersSettings extends Omit<DispatcherSettings, "onGivenBack"> {
  readonly notifier: Notifier;
}

/** The dispatchers of this server, one for each environment of which a host has come, and the way to those of other servers. */
export class Dispatchers {
  readonly #settings: DispatchersSettings;
  readonly #dispatchers = new Map<string, Dispatcher>();

  constructor(settings: DispatchersSettings) {
    this.#settings = settings;
  }

  /** Null when no host of the environment has come to this server. */
  of(environmentId: string): Dispatcher | null {
    return this.#dispatchers.get(environmentId) ?? null;
  }

  /** The hosts of an environment on this server. */
  hostsOf(environmentId: string): readonly ConnectedHost[] {
    return this.of(environmentId)?.hosts ?? [];
  }

  get hasHosts(): boolean {
    for (const dispatcher of this.#dispatchers.values()) if (dispatcher.hosts.length > 0) return true;
    return false;
  }

  add(host: ConnectedHost): void {
    const dispatcher = this.of(host.environmentId) ?? this.#make();
    this.#dispatchers.set(host.environmentId, dispatcher);
    dispatcher.add(host);
  }

  /** Runs were queued: for whoever has room, on any server. */
  queued(environmentId: string): void {
    this.of(environmentId)?.queued();
    this.#settings.notifier.notify(environmentId, "queued");
  }

  /** Slots came free or waits ended: for whoever has room or a run that can go on, on any server. */
  freed(environmentId: string): void {
    this.of(environmentId)?.freed();
    this.#settings.notifier.notify(environmentId, "freed");
  }

  /** The environment's variables have changed: its hosts on this server are told. */
  envVarsChanged(environmentId: string): void {
    for (const host of this.hostsOf(environmentId)) host.tellEnvVarsChanged();
  }

  /** The same for those of every server. */
  envVarsChangedEverywhere(environmentId: string): void {
    this.envVarsChanged(environmentId);
    this.#settings.notifier.notify(environmentId, "env_vars");
  }

  /** Hosts of other servers have something to be told. */
  ordered(environmentId: string): void {
    this.#settings.notifier.notify(environmentId, "ordered");
  }

  /** Resolves when no claim is under way. */
  async settled(): Promise<void> {
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.settled()));
  }

  #make(): Dispatcher {
    return new Dispatcher({ ...this.#settings, onGivenBack: (environmentId) => this.queued(environmentId) });
  }
}
