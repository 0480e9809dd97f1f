/** What has come on a stream, and who waits for more. */
export class MemoryStream {
  readonly chunks: unknown[] = [];
  readonly #listeners = new Set<() => void>();

  /** Adds chunks, and tells those who listen. */
  add(chunks: readonly unknown[]): void {
    this.chunks.push(...chunks);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Calls a function after each addition. @returns what ends that */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /**
   * Gives the chunks as server-sent events, those that come later too.
   *
   * @param reading - `from`: the number of the first chunk; `idleMs`: after how long without a chunk it ends, null: never;
   * `ended`: resolves when no more come; `signal`: fires when nobody reads any more
   * @returns the events
   */
  async *events({ from, idleMs, ended, signal }: StreamReading): AsyncGenerator<string, undefined> {
    let [next, isOver] = [from, false];
    let wake = () => {};
    const end = () => {
      isOver = true;
      wake();
    };
    void ended.then(end);
    signal.addEventListener("abort", end, { once: true });
    const forget = this.listen(() => wake());
    try {
      for (;;) {
        if (next < this.chunks.length) {
          const chunks = this.chunks.slice(next);
          yield batchEvent(chunks, next);
          next += chunks.length;
          continue; // more may have come meanwhile
        }
        if (isOver) return;
        let timer: ReturnType<typeof setTimeout> | undefined;
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (idleMs !== null) timer = setTimeout(end, idleMs);
        });
        clearTimeout(timer);
      }
    } finally {
      forget();
    }
  }
}

/** How a stream is read. */
export interface StreamReading {
  readonly from: number;
  readonly idleMs: number | null;
  readonly ended: Promise<void>;
  readonly signal: AbortSignal;
}

function batchEvent(chunks: readonly unknown[], first: number): string {
  const timestamp = Date.now();
  const records = chunks.map((data, index) => ({ seq_num: first + index, timestamp, body: JSON.stringify({ data }) }));
  return `event: batch\ndata: ${JSON.stringify({ records })}\n\n`;
}
