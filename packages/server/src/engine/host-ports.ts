// What the engine needs of the store for hosts.

/** Worker hosts and their leases. */
export interface HostStore {
  /**
   * Makes a host or renews its lease, under the environment's lock. Answers the number of its connection: from now on, claims
   * for an earlier one bring nothing, and those that brought something are seen by `RunStore.reconcile` and
   * `RunStore.resumedBefore`.
   */
  connect(host: {
    readonly id: string;
    readonly environmentId: string;
    readonly name: string;
    /** Versions whose bundle the host has. */
    readonly versionIds: readonly string[];
    readonly leaseMs: number;
    /** Whether it stays on the connection that it has: any number of servers may claim for it at the same time. */
    readonly keepsConnection?: boolean;
  }): Promise<number>;
  /** The host has bundles of other versions now. */
  announce(hostId: string, versionIds: readonly string[]): Promise<void>;
  /**
   * Renews the leases of hosts that gave a sign of life; answers which of them are taken for lost already, and how soon the
   * first of the other leases ends, if any.
   */
  renew(
    hostIds: readonly string[],
    leaseMs: number,
  ): Promise<{ readonly lostIds: readonly string[]; readonly nextLossInMs: number | null }>;
  /** Shortens the lease of a host whose connection closed, unless it has a later one. */
  shorten(hostId: string, connection: number, leaseMs: number): Promise<void>;
}
