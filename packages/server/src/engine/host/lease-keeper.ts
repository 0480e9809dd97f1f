import type { HostStore } from "../host-ports.ts";
import type { RunStore } from "../ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "../services/alarm.ts";
import type { ConnectedHost } from "./connected-host.ts";

/** How long a host may be silent before its runs are given to others, in milliseconds. */
export const leaseMs = 8_000;

/** What remains of the lease of a host whose connection closed, in milliseconds. */
export const closedLeaseMs = 2_000;

/** A lease is judged so long after its end, in milliseconds. */
const afterLeaseMs = 20;

/** How often leases are renewed, in milliseconds. */
const renewEveryMs = 3_500;

/** What a lease keeper needs of the engine around it. */
export interface LeaseKeeperSettings {
  readonly hosts: HostStore;
  readonly runs: RunStore;
  /** Runs of lost hosts were queued again. */
  readonly onQueued: (environmentId: string) => void;
  readonly onError: (error: unknown) => void;
  /** A clock that never jumps, in milliseconds; it may stand still while the machine sleeps. */
  readonly now: () => number;
  /** The time of day, in milliseconds; it may jump. */
  readonly timeOfDay: () => number;
}

/** A difference between the two clocks beyond this, in milliseconds, means that the machine slept or its time was set. */
const jumpMs = 2_000;

/**
 * Renews the leases of the hosts that gave a sign of life, and rescues the runs of hosts whose lease has ended: one statement
 * each few seconds while a host is connected, none without. After a start, an error of the store or a jump of the clock
 * it waits one lease before it judges, so that hosts which could not reach a server are not taken for lost.
 */
export class LeaseKeeper implements Service {
  readonly #settings: LeaseKeeperSettings;
  readonly #hosts = new Set<ConnectedHost>();
  readonly #seen = new Set<ConnectedHost>();
  readonly #alarm: Alarm;
  #judgeFrom = Number.POSITIVE_INFINITY;
  #clockOffset = 0;
  #isStopped = true;

  constructor(settings: LeaseKeeperSettings) {
    this.#settings = settings;
    this.#alarm = new Alarm(() => this.runOnce(), settings.now);
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#clockOffset = this.#settings.timeOfDay() - this.#settings.now();
    this.#judgeFrom = this.#settings.now() + leaseMs;
    this.expect(leaseMs);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#alarm.stop();
  }

  add(host: ConnectedHost): void {
    this.#hosts.add(host);
    this.#seen.add(host);
    this.expect(renewEveryMs);
  }

  remove(host: ConnectedHost): void {
    this.#hosts.delete(host);
    this.#seen.delete(host);
  }

  /** The host gave a sign of life. */
  alive(host: ConnectedHost): void {
    if (this.#hosts.has(host)) this.#seen.add(host);
  }

  /** A lease may end after this many milliseconds: makes sure that a round comes just after. */
  expect(inMs: number): void {
    if (!this.#isStopped) this.#alarm.expect(Math.max(0, inMs) + afterLeaseMs);
  }

  async runOnce(): Promise<void> {
    this.#watchClock();
    this.#alarm.clear();
    const seen = [...this.#seen];
    this.#seen.clear();
    try {
      const { lostIds, nextLossInMs } = await this.#settings.hosts.renew(
        seen.map((host) => host.id),
        leaseMs,
      );
      // Another server gave their runs to others: they have to say hello again.
      for (const host of seen) if (lostIds.includes(host.id)) host.link.close();
      await this.#judge(nextLossInMs);
    } catch (error) {
      this.#judgeFrom = this.#settings.now() + leaseMs;
      for (const host of seen) this.alive(host);
      this.#settings.onError(error);
      this.expect(renewEveryMs);
    }
    if (this.#hosts.size > 0) this.expect(renewEveryMs);
  }

  /** After a jump of the clock, or when this process stood still itself, leases are judged only after another lease. */
  #watchClock(): void {
    const now = this.#settings.now();
    const offset = this.#settings.timeOfDay() - now;
    const isJump = Math.abs(offset - this.#clockOffset) > jumpMs;
    const isLate = now > this.#alarm.at + jumpMs;
    this.#clockOffset = offset;
    if (isJump || isLate) this.#judgeFrom = now + leaseMs;
  }

  async #judge(nextLossInMs: number | null): Promise<void> {
    if (nextLossInMs === null) return;
    const untilJudgeMs = this.#judgeFrom - this.#settings.now();
    if (nextLossInMs > 0 || untilJudgeMs > 0) {
      this.expect(Math.max(nextLossInMs, untilJudgeMs));
      return;
    }
    const { environmentIds } = await this.#settings.runs.rescue();
    for (const environmentId of environmentIds) this.#settings.onQueued(environmentId);
    this.expect(closedLeaseMs);
  }
}
