/** Runs are claimed ahead only while they take less than this on average, in milliseconds. */
const shortRunMs = 25;
/** Below this the way between host and process costs more than the run, so several runs go to a process at once. */
const veryShortRunMs = 2;
const maxPerProcess = 8;
/** A run held ahead should get its process within about this time, in milliseconds. */
const targetWaitMs = 40;
const weight = 1 / 16;
const runsToTrust = 8;

/** How long runs execute: a moving average, from which follows how many are worth holding ahead. */
export class RunPace {
  #averageMs = 0;
  #runs = 0;

  /** The moving average in milliseconds; 0 before the first run. */
  get averageMs(): number {
    return this.#averageMs;
  }

  /** Counts a run. */
  observe(durationMs: number): void {
    this.#averageMs = this.#runs === 0 ? durationMs : this.#averageMs + (durationMs - this.#averageMs) * weight;
    this.#runs++;
  }

  /** How many runs to hold ahead for each process: one until enough is known, none while runs are not short. */
  get aheadPerProcess(): number {
    if (this.#averageMs >= shortRunMs) return 0;
    if (this.#runs < runsToTrust) return 1;
    return Math.floor(targetWaitMs / Math.max(this.#averageMs, 0.001));
  }

  /** How many runs a process may have at a time, the executing one included. */
  get runsPerProcess(): number {
    return this.isVeryShort ? maxPerProcess : 1;
  }

  /** Whether a run takes less time than what surrounds it. */
  get isVeryShort(): boolean {
    return this.#runs >= runsToTrust && this.#averageMs < veryShortRunMs;
  }
}
