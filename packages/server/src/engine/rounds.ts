/** Does something one round at a time, and again when it was asked for meanwhile. */
export class Rounds {
  readonly #round: () => Promise<void>;
  #isDue = false;
  #running: Promise<void> | null = null;

  /** @param round - what to do; must not reject */
  constructor(round: () => Promise<void>) {
    this.#round = round;
  }

  /** Whether a round is under way. */
  get isRunning(): boolean {
    return this.#running !== null;
  }

  /** Asks for a round that begins after this call. */
  request(): void {
    this.#isDue = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = null;
      if (this.#isDue) this.request();
    });
  }

  /** Resolves when no round is under way. */
  async settled(): Promise<void> {
    while (this.#running !== null) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#isDue) {
      this.#isDue = false;
      await this.#round();
    }
  }
}
