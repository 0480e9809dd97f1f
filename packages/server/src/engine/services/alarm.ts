/** Rings once at the earliest time that anybody expects something. */
export class Alarm {
  readonly #ring: () => Promise<void>;
  readonly #now: () => number;
  #timer: NodeJS.Timeout | null = null;
  #at = Number.POSITIVE_INFINITY;
  #ringing: Promise<void> | null = null;

  /**
   * @param ring - what to do; must not reject
   * @param now - a clock that never jumps, in milliseconds
   */
  constructor(ring: () => Promise<void>, now: () => number) {
    this.#ring = ring;
    this.#now = now;
  }

  /** When it will ring, by its clock; infinity when it is not set. */
  get at(): number {
    return this.#at;
  }

  /** Sets it to ring in this many milliseconds, unless it rings sooner already. */
  expect(inMs: number): void {
    const delayMs = Math.max(0, Math.ceil(inMs));
    const at = this.#now() + delayMs;
    if (at >= this.#at) return;
    this.clear();
    this.#at = at;
    this.#timer = setTimeout(() => {
      this.#ringing = this.#ring().finally(() => {
        this.#ringing = null;
      });
    }, delayMs);
  }

  /** Nothing is expected any more, since somebody looks now. */
  clear(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Clears it, and resolves when what it rang for is done. */
  async stop(): Promise<void> {
    this.clear();
    await this.#ringing;
  }
}
