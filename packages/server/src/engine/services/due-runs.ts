import type { HeldClaim, RunStore } from "../ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "./alarm.ts";

/** The longest sleep, in milliseconds, whatever the store says: another server may have made something due and died. */
const longestSleepMs = 60_000;

/** How long to wait after an error of the store, in milliseconds. */
const errorPauseMs = 1_000;

/** What the service needs of the engine around it. */
export interface DueRunsSettings {
  readonly runs: RunStore;
  /** Runs of the environment were queued, came to a slot or can go on. */
  readonly onFreed: (environmentId: string) => void;
  /** Runs expired that hosts have claimed ahead. */
  readonly onRecalled: (recalled: readonly HeldClaim[]) => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Does what is due: queues delayed runs, expires others, ends waits and tokens, aborts batches. It sleeps until the next of
 * them, and asks the store nothing meanwhile.
 */
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

  /** Something is due in this many milliseconds: makes sure that it is not slept through. */
  expect(inMs: number): void {
    if (!this.#isStopped) this.#alarm.expect(Math.min(inMs, longestSleepMs));
  }

  async runOnce(): Promise<void> {
    this.#alarm.clear();
    try {
      const { environmentIds, recalled, nextDueInMs } = await this.#settings.runs.promoteDue();
      for (const environmentId of environmentIds) this.#settings.onFreed(environmentId);
      if (recalled.length > 0) this.#settings.onRecalled(recalled);
      this.expect(nextDueInMs ?? longestSleepMs);
    } catch (error) {
      this.#settings.onError(error);
      this.expect(errorPauseMs);
    }
  }
}
