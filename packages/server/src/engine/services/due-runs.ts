import type { RunStore } from "../ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "./alarm.ts";

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
  readonly #alarm = new Alarm(
    () => this.runOnce(),
    () => performance.now(),
  );
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
    await this.#alarm.stop();
  }

  /** A run is due in this many milliseconds: makes sure that it is not slept through. */
  expect(inMs: number): void {
    if (!this.#isStopped) this.#alarm.expect(Math.min(inMs, longestSleepMs));
  }

  async runOnce(): Promise<void> {
    this.#alarm.clear();
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
