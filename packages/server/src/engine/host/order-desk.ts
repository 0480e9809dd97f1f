import type { HeldClaim, HostOrders, RunStore } from "../ports.ts";
import { Rounds } from "../rounds.ts";
import type { CancelDeadlines } from "../services/cancel-deadlines.ts";
import type { ConnectedHost } from "./connected-host.ts";

/** What the order desk needs of the engine around it. */
export interface OrderDeskSettings {
  readonly runs: RunStore;
  /** The hosts of an environment on this server. */
  readonly hostsOf: (environmentId: string) => readonly ConnectedHost[];
  readonly deadlines: CancelDeadlines;
  readonly onError: (error: unknown) => void;
}

/**
 * Tells hosts to end runs that somebody cancelled, and to give back runs claimed ahead that may not start now. Orders are
 * states in the store: an order that a host does not hear is found there when the host comes back.
 */
export class OrderDesk {
  readonly #settings: OrderDeskSettings;
  readonly #looks = new Map<string, Rounds>();

  constructor(settings: OrderDeskSettings) {
    this.#settings = settings;
  }

  /**
   * Sends orders to hosts of this server.
   *
   * @returns whether some are for hosts of other servers
   */
  send({ cancelling, recalled }: HostOrders): boolean {
    this.#settings.deadlines.add(cancelling);
    const isCancelForeign = this.#sendAs("cancel", cancelling);
    const isRecallForeign = this.#sendAs("recall", recalled);
    return isCancelForeign || isRecallForeign;
  }

  /** Looks in the store for orders to the hosts of this server: another server, or an operator, left some. */
  look(environmentId: string): void {
    const looks = this.#looks.get(environmentId) ?? new Rounds(() => this.#look(environmentId));
    this.#looks.set(environmentId, looks);
    looks.request();
  }

  /** Looks for orders to a host that has come. */
  async greet(host: ConnectedHost): Promise<void> {
    this.send(await this.#settings.runs.hostOrders(host.environmentId, [host.id]));
  }

  /** Resolves when nothing is looked for any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#looks.values()].map((looks) => looks.settled()));
  }

  async #look(environmentId: string): Promise<void> {
    const hostIds = this.#settings.hostsOf(environmentId).map((host) => host.id);
    if (hostIds.length === 0) return;
    try {
      this.send(await this.#settings.runs.hostOrders(environmentId, hostIds));
    } catch (error) {
      this.#settings.onError(error);
    }
  }

  /** Answers whether some claims are of hosts elsewhere. */
  #sendAs(type: "cancel" | "recall", claims: readonly HeldClaim[]): boolean {
    const byHost = Map.groupBy(claims, (claim) => `${claim.environmentId} ${claim.hostId}`);
    let isForeign = false;
    for (const ofHost of byHost.values()) {
      const { environmentId = "", hostId } = ofHost[0] ?? {};
      const hosts = this.#settings.hostsOf(environmentId).filter((host) => host.id === hostId);
      for (const host of hosts) host.order(type, ofHost);
      if (hosts.length === 0) isForeign = true;
    }
    return isForeign;
  }
}
