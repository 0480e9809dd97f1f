/** Runs are claimed ahead only while they keep a process busy for less than this on average, in milliseconds. */
const shortRunMs = 25;
/** Below this a process would idle while a start is committed, so one start for each process is committed in advance. */
const veryShortRunMs = 5;
const maxAheadPerProcess = 8;
/** A run held ahead should get its process within about this time, in milliseconds. */
const targetWaitMs = 50;
const weight = 1 / 16;
const runsToTrust = 8;

/** How long runs keep a process busy: a moving average, from which follows how many runs are worth holding ahead. */
export class RunPace {
  #averageMs = 0;
  #runs = 0;

  /** The moving average in milliseconds; 0 before the first run. */
  get averageMs(): number {
    return this.#averageMs;
  }

  /** Counts a run that kept its process busy for so long. */
  observe(durationMs: number): void {
    this.#averageMs = this.#runs === 0 ? durationMs : this.#averageMs + (durationMs - this.#averageMs) * weight;
    this.#runs++;
  }

  /** How many runs to hold ahead for each process: one until enough is known, none while runs are not short. */
  get aheadPerProcess(): number {
    if (this.#averageMs >= shortRunMs) return 0;
    if (this.#runs < runsToTrust) return 1;
    return Math.min(maxAheadPerProcess, Math.floor(targetWaitMs / this.#averageMs));
  }

  /** How many starts to commit in advance for each process. */
  get startsPerProcess(): number {
    return this.#runs >= runsToTrust && this.#averageMs < veryShortRunMs ? 1 : 0;
  }
}
