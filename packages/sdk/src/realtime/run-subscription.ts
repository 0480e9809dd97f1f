/**
 * Runs that are followed. It begins when it is iterated over, and ends with the loop: a `break` ends the request that waits.
 *
 * @example
 * ```ts
 * for await (const run of runs.subscribeToRun(handle)) console.log(run.status);
 * ```
 */
export class RunSubscription<TRun> implements AsyncIterable<TRun> {
  readonly #follow: (signal: AbortSignal) => AsyncGenerator<TRun, undefined>;
  readonly #signal: AbortSignal | undefined;
  readonly #open = new Set<AbortController>();

  /**
   * Prepares it; nothing is asked for yet.
   *
   * @param follow - gives the runs until its signal fires
   * @param signal - ends it from outside
   */
  constructor(follow: (signal: AbortSignal) => AsyncGenerator<TRun, undefined>, signal?: AbortSignal) {
    this.#follow = follow;
    this.#signal = signal;
  }

  /** Begins to follow; each loop by itself. */
  [Symbol.asyncIterator](): AsyncIterator<TRun, undefined> {
    const ending = new AbortController();
    const end = () => ending.abort();
    this.#open.add(ending);
    this.#signal?.addEventListener("abort", end, { once: true });
    if (this.#signal?.aborted === true) end();
    const runs = this.#runs(ending.signal, () => {
      this.#open.delete(ending);
      this.#signal?.removeEventListener("abort", end);
    });
    return {
      next: () => runs.next(),
      // The generator can't end while it waits for an answer: that is given up first.
      return: () => {
        end();
        return runs.return(undefined);
      },
    };
  }

  /**
   * Ends every loop over it, also from elsewhere.
   *
   * @example
   * ```ts
   * const subscription = runs.subscribeToRunsWithTag("user:7");
   * setTimeout(() => subscription.unsubscribe(), 60_000);
   * for await (const run of subscription) console.log(run.id, run.status);
   * ```
   */
  unsubscribe(): void {
    for (const ending of this.#open) ending.abort();
  }

  /**
   * Begins to follow, for code that reads streams.
   *
   * @returns the reader of a stream of the runs; its `cancel` ends the subscription
   * @example
   * ```ts
   * const reader = runs.subscribeToRun(handle).getReader();
   * const { value: run } = await reader.read();
   * await reader.cancel();
   * ```
   */
  getReader(): ReadableStreamDefaultReader<TRun> {
    const iterator = this[Symbol.asyncIterator]();
    const stream = new ReadableStream<TRun>(
      {
        async pull(controller) {
          const next = await iterator.next();
          if (next.done === true) controller.close();
          else controller.enqueue(next.value);
        },
        async cancel() {
          await iterator.return?.();
        },
      },
      { highWaterMark: 0 }, // nothing is read ahead
    );
    return stream.getReader();
  }

  async *#runs(signal: AbortSignal, ended: () => void): AsyncGenerator<TRun, undefined> {
    try {
      yield* this.#follow(signal);
    } finally {
      ended();
    }
  }
}
