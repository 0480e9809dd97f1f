import type { BulkActionStore, TakenBulkAction } from "../bulk-ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "./alarm.ts";
import type { BulkWork } from "./bulk-actions-work.ts";

/** The longest sleep, in milliseconds, whatever the store says: another server may have made an action and died. */
const longestSleepMs = 60_000;

/** How long to wait after an error of the store, in milliseconds. */
const errorPauseMs = 1_000;

/** How often an action is kept whose page takes long, in milliseconds: the store gives it away after ten seconds. */
const keepEveryMs = 3_000;

/** What the service needs of the engine around it. */
export interface BulkActionsSettings {
  readonly store: BulkActionStore;
  readonly work: BulkWork;
  readonly onError: (error: unknown) => void;
}

/**
 * Goes on with bulk actions: each round takes the one that has waited longest, and does one page of it. So several go on side by side,
 * an aborted one ends within a page, and one whose server has died is gone on with by another.
 */
export class BulkActions implements Service {
  readonly #settings: BulkActionsSettings;
  readonly #alarm = new Alarm(
    () => this.runOnce(),
    () => performance.now(),
  );
  #isStopped = true;
  #isWorking = false;
  #isAsked = false;

  constructor(settings: BulkActionsSettings) {
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

  /** An action is due in this many milliseconds: makes sure that it is not slept through. */
  expect(inMs: number): void {
    if (this.#isStopped) return;
    if (this.#isWorking) this.#isAsked = true;
    else this.#alarm.expect(Math.min(inMs, longestSleepMs));
  }

  /** Does page after page, of whichever action's turn it is, until nothing is due. */
  async runOnce(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    this.#alarm.clear();
    let pauseMs = longestSleepMs;
    try {
      pauseMs = await this.#workUntilIdle();
    } catch (error) {
      this.#settings.onError(error);
      pauseMs = errorPauseMs;
    } finally {
      this.#isWorking = false;
    }
    this.expect(pauseMs);
  }

  /** Answers how long there is nothing to do, in milliseconds. */
  async #workUntilIdle(): Promise<number> {
    for (;;) {
      this.#isAsked = false;
      const { taken, nextDueInMs } = await this.#settings.store.takeDue();
      if (taken !== null) await this.#step(taken);
      else if (!this.#isAsked) return nextDueInMs ?? longestSleepMs;
      if (this.#isStopped) return longestSleepMs;
    }
  }

  async #step(taken: TakenBulkAction): Promise<void> {
    const { store, work, onError } = this.#settings;
    if (!taken.isChosen) return store.choose(taken);
    const page = await store.nextPage(taken);
    const keeping = setInterval(() => store.keep(taken).catch(onError), keepEveryMs);
    const results = await work(taken, page.runs).finally(() => clearInterval(keeping));
    await store.finishPage(taken, page, results);
  }
}
