import { Rounds } from "../rounds.ts";
import type { ScheduleStore } from "../schedule-ports.ts";
import type { Service } from "../service.ts";
import { Alarm } from "./alarm.ts";
import { type FireSettings, fireTaken } from "./schedule-fires-pass.ts";

/** The longest sleep, in milliseconds, whatever the store says: another server may have changed a schedule and died. */
const longestSleepMs = 60_000;

/** How long to wait after an error of the store, in milliseconds. */
const errorPauseMs = 1_000;

/** How soon to look again at what is due while somebody else has it, in milliseconds. */
const busyPauseMs = 50;

/** What the service needs of the engine around it. */
export interface ScheduleFiresSettings extends FireSettings {
  readonly schedules: ScheduleStore;
  readonly onError: (error: unknown) => void;
}

/** Makes the runs of schedules at their times. It sleeps until the next of them, and asks the store nothing meanwhile. */
export class ScheduleFires implements Service {
  readonly #settings: ScheduleFiresSettings;
  readonly #now: () => number;
  readonly #rounds = new Rounds(() => this.runOnce());
  readonly #alarm: Alarm;
  #isStopped = true;
  #revivedAt = Number.NEGATIVE_INFINITY;

  /**
   * @param settings - the engine around it
   * @param now - a clock that never jumps, in milliseconds
   */
  constructor(settings: ScheduleFiresSettings, now: () => number) {
    this.#settings = settings;
    this.#now = now;
    this.#alarm = new Alarm(async () => this.#rounds.request(), now);
  }

  start(): void {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.expect(0);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#alarm.stop();
    await this.#rounds.settled();
  }

  /** A schedule is due in this many milliseconds, by the store's clock: makes sure that it is not slept through. */
  expect(inMs: number): void {
    if (!this.#isStopped) this.#alarm.expect(Math.min(Math.max(inMs, 0), longestSleepMs));
  }

  /** Schedules of an environment that could not fire may be able to now. Never rejects. */
  async wake(environmentId: string): Promise<void> {
    try {
      if (await this.#settings.schedules.revive(environmentId)) this.expect(0);
    } catch (error) {
      this.#settings.onError(error);
    }
  }

  async runOnce(): Promise<void> {
    this.#alarm.clear();
    const { schedules, onError } = this.#settings;
    try {
      await this.#reviveAtTimes();
      const taken = await schedules.takeDue();
      await fireTaken(this.#settings, taken);
      const dueInMs = taken.hasMore ? 0 : await schedules.nextDueInMs();
      const isBusy = dueInMs !== null && dueInMs <= 0 && taken.schedules.length === 0;
      this.expect(isBusy ? busyPauseMs : (dueInMs ?? longestSleepMs));
    } catch (error) {
      onError(error);
      this.expect(errorPauseMs);
    }
  }

  /** Whoever made a schedule able to fire may have died before it said so. */
  async #reviveAtTimes(): Promise<void> {
    if (this.#now() - this.#revivedAt < longestSleepMs) return;
    await this.#settings.schedules.revive(null);
    this.#revivedAt = this.#now();
  }
}
