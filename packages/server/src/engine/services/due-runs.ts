import type { RunStore } from "../ports.ts";
import type { Service } from "../service.ts";

/** The longest sleep, in milliseconds, whatever the store says. */
const longestSleepMs = 3_600_000;

/** How long to wait after an error of the store, in milliseconds. */
const errorPauseMs = 1_000;

/** What the service needs of the engine around it. */
export interface DueRunsSettings {
  readonly runs: RunStore;
  readonly onQueued: (environmentId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** Queues delayed runs when their time comes. It sleeps until then, and asks the store nothing meanwhile. */
export class DueRuns implements Service {
  readonly #settings: DueRunsSettings;
  #timer: NodeJS.Timeout | null = null;
  #timerAtMs = Number.POSITIVE_INFINITY;
  #round: Promise<void> | null = null;
  #isStopped = true;

  constructor(settings: DueRunsSettings) {
    this.#settings = settings;
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.expect(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#timerAtMs = Number.POSITIVE_INFINITY;
    await this.#round;
  }

  /** A run is due in this many milliseconds: makes sure that it is not slept through. */
  expect(inMs: number): void {
    if (this.#isStopped) return;
    const delayMs = Math.min(Math.max(0, Math.ceil(inMs)), longestSleepMs);
    const atMs = performance.now() + delayMs;
    if (atMs >= this.#timerAtMs) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timerAtMs = atMs;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#timerAtMs = Number.POSITIVE_INFINITY;
      this.#round = this.runOnce().finally(() => {
        this.#round = null;
      });
    }, delayMs);
  }

  async runOnce(): Promise<void> {
    try {
      const { environmentIds, nextDueInMs } = await this.#settings.runs.promoteDue();
      for (const environmentId of environmentIds) this.#settings.onQueued(environmentId);
      this.expect(nextDueInMs ?? longestSleepMs);
    } catch (error) {
      this.#settings.onError(error);
      this.expect(errorPauseMs);
    }
  }
}
