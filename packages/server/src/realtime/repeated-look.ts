/** How often is looked. */
export interface LookTimes {
  /** From the end of a look to the next one, at least, in milliseconds. */
  readonly everyMs: number;
  /** Looking takes at most this part of the time, … */
  readonly busyShare: number;
  /** … unless that would put off the next look for longer, in milliseconds; absent: however long it takes. */
  readonly longestPauseMs?: number;
}

/** Looks at the store again and again, one look after the other, as long as somebody wants to know. */
export class RepeatedLook {
  readonly #times: LookTimes;
  readonly #isWanted: () => boolean;
  readonly #look: () => Promise<unknown>;
  #timer: NodeJS.Timeout | null = null;
  #isLooking = false;

  /**
   * @param times - how often
   * @param isWanted - whether somebody wants to know
   * @param look - looks; must not reject
   */
  constructor(times: LookTimes, isWanted: () => boolean, look: () => Promise<unknown>) {
    this.#times = times;
    this.#isWanted = isWanted;
    this.#look = look;
  }

  /** Somebody wants to know: looks at once, unless a look is under way or about to be. */
  wake(): void {
    this.#expect(0);
  }

  #expect(inMs: number): void {
    if (this.#timer !== null || this.#isLooking || !this.#isWanted()) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#isLooking = true;
      const startedMs = performance.now();
      void this.#look().finally(() => {
        this.#isLooking = false;
        this.#expect(this.#pauseMs(performance.now() - startedMs));
      });
    }, inMs);
  }

  #pauseMs(tookMs: number): number {
    const { everyMs, busyShare, longestPauseMs = Number.POSITIVE_INFINITY } = this.#times;
    return Math.min(Math.max(everyMs, tookMs / busyShare), longestPauseMs);
  }
}
