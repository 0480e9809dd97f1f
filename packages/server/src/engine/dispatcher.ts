import type { ConnectedHost } from "./host/connected-host.ts";
import type { RunStore } from "./ports.ts";
import { claim } from "./run/claim.ts";

/**
 * Brings the queued runs of one environment to the hosts that are connected to this server, the moment a slot and a run exist.
 *
 * It claims when something may have been queued (`wake`) and when room or slots came free (`roomChanged`), one claim at a time,
 * and remembers when a claim left nothing queued: then only a wake makes it claim again.
 */
export class Dispatcher {
  readonly #store: RunStore;
  readonly #onError: (error: unknown) => void;
  readonly #hosts = new Set<ConnectedHost>();
  #mayHaveQueued = true;
  #isDue = false;
  #round: Promise<void> | null = null;

  constructor(store: RunStore, onError: (error: unknown) => void) {
    this.#store = store;
    this.#onError = onError;
  }

  add(host: ConnectedHost): void {
    this.#hosts.add(host);
    this.wake();
  }

  remove(host: ConnectedHost): void {
    this.#hosts.delete(host);
  }

  /** A run may have been queued. */
  wake(): void {
    this.#mayHaveQueued = true;
    this.#claim();
  }

  /** A host has more room, or a slot of a queue came free. */
  roomChanged(): void {
    if (this.#mayHaveQueued || this.#round !== null) this.#claim();
  }

  /** A host that could start a run at once, for a trigger that wants to claim in its own transaction. */
  readyHost(): ConnectedHost | null {
    let best: ConnectedHost | null = null;
    let bestRoom = 0;
    for (const host of this.#hosts) {
      const room = host.room.direct;
      if (room > bestRoom) [best, bestRoom] = [host, room];
    }
    return best;
  }

  /**
   * Closes every connection of a host for which a claim failed: whether it was committed may be unknown. The host comes back
   * and says what it holds, which settles it.
   */
  distrust(host: ConnectedHost): void {
    host.link.close();
    for (const other of this.#hosts) if (other.id === host.id) other.link.close();
  }

  /** Resolves when no claim is under way. */
  async settled(): Promise<void> {
    while (this.#round !== null) await this.#round;
  }

  #claim(): void {
    this.#isDue = true;
    this.#round ??= this.#rounds().finally(() => {
      this.#round = null;
      if (this.#isDue) this.#claim();
    });
  }

  async #rounds(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      for (const host of this.#hosts) {
        if (!this.#mayHaveQueued) break;
        const { direct, ahead } = host.room;
        if (direct + ahead > 0) await this.#claimFor(host);
      }
    }
  }

  async #claimFor(host: ConnectedHost): Promise<void> {
    this.#mayHaveQueued = false; // a wake during the claim sets it again
    try {
      if (await claim(this.#store, host)) this.#mayHaveQueued = true;
    } catch (error) {
      this.#mayHaveQueued = true;
      this.distrust(host);
      this.#onError(error);
    }
  }
}
