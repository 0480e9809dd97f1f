import type { ConnectedHost } from "./host/connected-host.ts";
import type { ClaimOutcome, RunStore } from "./ports.ts";
import { Rounds } from "./rounds.ts";
import { claim } from "./run/claim.ts";

/** What a dispatcher needs of the engine around it. */
export interface DispatcherSettings {
  readonly runs: RunStore;
  /** Whether the store answered with an error, so that nothing of what was asked has been done. */
  readonly isCertain: (error: unknown) => boolean;
  /** Runs went back to their queue, since the host they were claimed for had gone. */
  readonly onGivenBack: (environmentId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** What a claim for a host may bring, as far as is known. */
interface Prospects {
  /** Runs for processes that are ready. */
  direct: boolean;
  /** Runs ahead of processes: fewer queues allow it. */
  ahead: boolean;
  /** Runs of the host whose wait is over; they need no room. */
  resumes: boolean;
}

/** In an environment that is full another server may free a slot and die before it tells: so long until a look, in milliseconds. */
const fullRetryMs = 1_000;

/** The longest time that a timer is set for, in milliseconds; then the next claim says how much is left. */
const longestWaitMs = 3_600_000;

/** How long to wait after an error of the store, in milliseconds. */
const errorPauseMs = 250;

/**
 * Brings the runs of one environment to the hosts that are connected to this server: queued ones the moment a slot, room and a
 * run exist, and those whose wait is over as soon as they have their slot again.
 *
 * It claims when something may have been queued (`queued`), when slots came free or waits ended (`freed`), when a host has
 * more room (`roomChanged`), and when runs may start that a rate kept back, one claim at a time. It remembers for each host when a claim left nothing: then only news makes
 * it claim again.
 */
export class Dispatcher {
  readonly #settings: DispatcherSettings;
  readonly #hosts = new Map<ConnectedHost, Prospects>();
  readonly #rounds = new Rounds(() => this.#round());
  #isFull = false;
  #retry: NodeJS.Timeout | undefined;
  /** Rings when the next lane opens that a rate has closed. */
  #opening: NodeJS.Timeout | undefined;
  /** When it rings, on the clock of `performance.now()`; null: it is not set. */
  #opensAt: number | null = null;

  constructor(settings: DispatcherSettings) {
    this.#settings = settings;
  }

  /** Whether the last claim found the environment at its limit. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The hosts of the environment on this server. */
  get hosts(): readonly ConnectedHost[] {
    return [...this.#hosts.keys()];
  }

  add(host: ConnectedHost): void {
    for (const earlier of this.hosts) if (earlier.id === host.id) this.remove(earlier);
    this.#hosts.set(host, { direct: true, ahead: true, resumes: true });
    this.#rounds.request();
  }

  remove(host: ConnectedHost): void {
    this.#hosts.delete(host);
    if (this.#hosts.size === 0) this.#clearTimers();
  }

  /** A run may have been queued. In an environment that is full it stays so until a slot comes free. */
  queued(): void {
    for (const prospects of this.#hosts.values()) prospects.direct = prospects.ahead = true;
    if (!this.#isFull) this.#rounds.request();
  }

  /** A slot may have come free, or a wait may be over. */
  freed(): void {
    for (const prospects of this.#hosts.values()) prospects.direct = prospects.ahead = prospects.resumes = true;
    this.#rounds.request();
  }

  /** A host has more room. */
  roomChanged(): void {
    if (!this.#isFull) this.#rounds.request();
  }

  /** A host that could start a run at once, for a trigger that wants to claim in its own transaction. */
  readyHost(): ConnectedHost | null {
    if (this.#isFull) return null;
    let best: ConnectedHost | null = null;
    let bestRoom = 0;
    for (const host of this.#hosts.keys()) {
      const room = host.room.direct;
      if (room > bestRoom) [best, bestRoom] = [host, room];
    }
    return best;
  }

  /** Takes note of what a claim in another transaction came to. */
  learn(outcome: ClaimOutcome): void {
    this.#isFull = outcome.isEnvironmentFull;
    if (this.#isFull) this.#lookAgain(fullRetryMs);
    if (outcome.opensInMs !== undefined) this.#expectOpening(outcome.opensInMs);
  }

  /**
   * A claim for the host failed. Where it is unknown whether it was committed, the connection is closed: the host comes back
   * and says what it holds, which settles it.
   */
  claimFailed(host: ConnectedHost, error: unknown): void {
    if (!this.#settings.isCertain(error)) host.link.close();
  }

  /** Resolves when no claim is under way; nothing is looked for again by itself. */
  async settled(): Promise<void> {
    await this.#rounds.settled();
    this.#clearTimers();
  }

  async #round(): Promise<void> {
    for (const [host, prospects] of this.#hosts) {
      if (isWorthIt(prospects, host)) await this.#claimFor(host, prospects);
    }
  }

  async #claimFor(host: ConnectedHost, prospects: Prospects): Promise<void> {
    const before = { ...prospects };
    prospects.direct = prospects.ahead = prospects.resumes = false; // news during the claim sets them again
    const wanted = host.reserve();
    try {
      const outcome = await claim(this.#settings.runs, host, wanted, before.resumes);
      this.learn(outcome);
      if (!outcome.isDelivered) this.#settings.onGivenBack(host.environmentId);
      const direct = outcome.claimed.filter((run) => run.isStarted).length;
      // What there was no room for was not looked for. With all processes taken, runs may be left that can't be held ahead.
      if (wanted.direct === 0 ? before.direct : outcome.hasMore || direct >= wanted.direct) prospects.direct = true;
      if (wanted.ahead === 0 ? before.ahead : outcome.hasMore) prospects.ahead = true;
    } catch (error) {
      prospects.direct = prospects.ahead = prospects.resumes = true;
      this.claimFailed(host, error);
      this.#lookAgain(errorPauseMs);
      this.#settings.onError(error);
      return;
    } finally {
      host.release(wanted);
    }
    if (isWorthIt(prospects, host) && this.#hosts.has(host)) this.#rounds.request();
  }

  /** Answers of two claims may come in another order than the claims: so the earliest time stays, and one that is over costs a claim. */
  #expectOpening(inMs: number | null): void {
    if (inMs === null || this.#hosts.size === 0) return;
    const waitMs = Math.min(Math.max(0, Math.ceil(inMs)), longestWaitMs);
    const opensAt = performance.now() + waitMs;
    if (this.#opensAt !== null && this.#opensAt <= opensAt) return;
    clearTimeout(this.#opening);
    this.#opensAt = opensAt;
    this.#opening = setTimeout(() => {
      this.#opensAt = null;
      this.freed();
    }, waitMs);
    this.#opening.unref();
  }

  #clearTimers(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#opening);
    this.#opensAt = null;
  }

  #lookAgain(inMs: number): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.freed(), inMs);
    this.#retry.unref();
  }
}

function isWorthIt(prospects: Prospects, { link, room }: ConnectedHost): boolean {
  if (!link.isOpen) return false;
  return prospects.resumes || (prospects.direct && room.direct > 0) || (prospects.ahead && room.ahead > 0);
}
