import type { HeldClaim, RunStore } from "../ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "./alarm.ts";

/** A cancelled run is ended by the server when its host has not ended it by then, in milliseconds: `onCancel` has 30 s. */
export const cancelDeadlineMs = 35_000;

/** How long to wait after an error of the store, in milliseconds. */
const errorPauseMs = 1_000;

/** What the service needs of the engine around it. */
export interface CancelDeadlinesSettings {
  readonly runs: RunStore;
  /** Runs were ended: slots came free, and who waited for them goes on. */
  readonly onFreed: (environmentId: string) => void;
  readonly onError: (error: unknown) => void;
  /** A clock that never jumps, in milliseconds. */
  readonly now: () => number;
}

/**
 * Ends cancelled runs whose host does not end them in time. It knows those that were cancelled on this server and those of
 * its hosts, so that each is known to a server that lives as long as the run's host does; the runs of a lost host are rescued.
 */
export class CancelDeadlines implements Service {
  readonly #settings: CancelDeadlinesSettings;
  readonly #alarm: Alarm;
  /** In the order of their deadlines. */
  readonly #deadlines = new Map<string, { readonly environmentId: string; readonly at: number }>();
  #isStopped = true;

  constructor(settings: CancelDeadlinesSettings) {
    this.#settings = settings;
    this.#alarm = new Alarm(() => this.runOnce(), settings.now);
  }

  start(): void {
    this.#isStopped = false;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#alarm.stop();
  }

  /** These runs were asked to end; one that is known already keeps its deadline. */
  add(runs: readonly HeldClaim[]): void {
    const at = this.#settings.now() + cancelDeadlineMs;
    for (const { runId, environmentId } of runs) {
      if (!this.#deadlines.has(runId)) this.#deadlines.set(runId, { environmentId, at });
    }
    if (runs.length > 0) this.#expect(cancelDeadlineMs);
  }

  /** These runs were reported by their host. */
  remove(runIds: readonly string[]): void {
    if (this.#deadlines.size > 0) for (const runId of runIds) this.#deadlines.delete(runId);
  }

  async runOnce(): Promise<void> {
    this.#alarm.clear();
    try {
      for (const [environmentId, runIds] of this.#due()) {
        await this.#settings.runs.endCancelling(environmentId, runIds);
        this.remove(runIds);
        this.#settings.onFreed(environmentId);
      }
    } catch (error) {
      this.#settings.onError(error);
      this.#expect(errorPauseMs);
    }
    const [next] = this.#deadlines.values();
    if (next !== undefined) this.#expect(Math.max(errorPauseMs, next.at - this.#settings.now()));
  }

  #due(): ReadonlyMap<string, readonly string[]> {
    const now = this.#settings.now();
    const due = new Map<string, string[]>();
    for (const [runId, { environmentId, at }] of this.#deadlines) {
      if (at > now) break;
      const runIds = due.get(environmentId) ?? [];
      runIds.push(runId);
      due.set(environmentId, runIds);
    }
    return due;
  }

  #expect(inMs: number): void {
    if (!this.#isStopped) this.#alarm.expect(inMs);
  }
}
