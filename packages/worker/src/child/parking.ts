import type { RunCell } from "@pawl/sdk/runtime";
import { realTimers } from "./real-timers.ts";
import { ActivityCounter, withoutActivity } from "./run-activity.ts";

const { setImmediate, setTimeout, clearTimeout } = realTimers;

/** How long code may work beside open waits before it is taken for waiting, in milliseconds. */
export interface ParkingTimes {
  /** Without beginning anything. */
  readonly quietMs: number;
  /** At all: code that is never quiet must not block for ever what it waits for. */
  readonly maxBesideMs: number;
}

const defaultTimes: ParkingTimes = { quietMs: 50, maxBesideMs: 10_000 };

/** What parking needs of its run. */
export interface ParkingRun {
  readonly cell: RunCell;
  /** The keys of the waits that code awaits now. */
  awaited(): readonly string[];
  /** Whether an answer to a call of the code is on its way. */
  hasCallsUnderWay(): boolean;
  /** Tells the host that the run executes no more. */
  park(): void;
  /** Asks the server to suspend the run until the first of these waits ends. */
  suspend(waits: readonly string[]): void;
}

/**
 * Decides when a run waits: it gives its slot back in the turn in which its code awaits something, and again when it was
 * resumed and its code does nothing but to await what is left.
 *
 * ```
 *   executing ─its code awaits─▶ (end of the turn) ─▶ parked ─its code beside awaits more─▶ suspended anew, still parked
 *      ▲                                                │
 *      └───────────────────resume───────────────────────┘
 *      │
 *      └─ waits are left ─▶ (end of the turn) ─ nothing begun ─▶ parked
 *                                   │     ▲
 *                         something begun └── after 50 ms
 * ```
 */
export class Parking {
  readonly #run: ParkingRun;
  readonly #times: ParkingTimes;
  #isParked = false;
  #isLookDue = false;
  #hasNewWait = false;
  #isClosed = false;
  #counter: ActivityCounter | null = null;
  #timer: NodeJS.Timeout | null = null;
  #resumedAtMs = 0;

  constructor(run: ParkingRun, times = defaultTimes) {
    this.#run = run;
    this.#times = times;
  }

  /** Whether the run executes no more until it is resumed. */
  get isParked(): boolean {
    return this.#isParked;
  }

  /** Code awaits another wait. All of one turn are told together. */
  awaits(): void {
    this.#hasNewWait = true;
    this.#lookAfterTurn();
  }

  /** The run goes on; called once its results are given out, before the code behind them goes on. */
  resume(): void {
    this.#isParked = false;
    this.#resumedAtMs = performance.now();
    this.#stopWatching();
    if (this.#isClosed || this.#run.awaited().length === 0) return;
    this.#counter = new ActivityCounter(this.#run.cell);
    this.#lookAfterTurn();
  }

  /** The run waits no more: it has ended, or is about to. */
  close(): void {
    this.#isClosed = true;
    this.#stopWatching();
  }

  #lookAfterTurn(): void {
    if (this.#isLookDue) return;
    this.#isLookDue = true;
    withoutActivity(() =>
      setImmediate(() => {
        this.#isLookDue = false;
        this.#look();
      }),
    );
  }

  #look(): void {
    const waits = this.#run.awaited();
    if (this.#isClosed || waits.length === 0) {
      this.#hasNewWait = false;
      this.#stopWatching();
    } else if (this.#hasNewWait || (!this.#isParked && !this.#isActive())) this.#tell(waits);
    else if (!this.#isParked) {
      if (this.#timer !== null) clearTimeout(this.#timer);
      this.#timer = withoutActivity(() => setTimeout(() => this.#look(), this.#times.quietMs));
    }
  }

  #isActive(): boolean {
    const begun = this.#counter?.take() ?? 0;
    if (performance.now() - this.#resumedAtMs > this.#times.maxBesideMs) return false;
    return begun > 0 || this.#run.hasCallsUnderWay();
  }

  #tell(waits: readonly string[]): void {
    this.#hasNewWait = false;
    this.#stopWatching();
    if (!this.#isParked) {
      this.#isParked = true;
      this.#run.park();
    }
    this.#run.suspend(waits);
  }

  #stopWatching(): void {
    this.#counter?.stop();
    this.#counter = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
