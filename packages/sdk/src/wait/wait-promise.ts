/**
 * A promise whose work has begun and whose wait has not: it begins when somebody first asks for the result, with `await`,
 * `then`, `catch`, `finally` or a combinator such as `Promise.all`. So code can start several things, go on, and wait for all
 * of them together.
 *
 * @example
 * ```ts
 * const small = resize.triggerAndWait({ url, width: 100 }); // triggered now
 * const large = resize.triggerAndWait({ url, width: 2_000 });
 * await Promise.all([small, large, wait.for({ minutes: 1 })]); // waits here
 * ```
 */
export class WaitPromise<T> extends Promise<T> {
  // What `then` gives is an ordinary promise: it has nothing left to begin.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  readonly #resolve: (value: PromiseLike<T>) => void;
  #begin: (() => Promise<T>) | null;

  /** @param begin - waits, and gives the result; called once, or never */
  constructor(begin: () => Promise<T>) {
    let resolvePromise: (value: PromiseLike<T>) => void = () => {};
    super((resolve) => {
      resolvePromise = resolve;
    });
    this.#resolve = resolvePromise;
    this.#begin = begin;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise has one, and this is where its wait begins
  override then<TFulfilled = T, TRejected = never>(
    onFulfilled?: ((value: T) => TFulfilled | PromiseLike<TFulfilled>) | null,
    onRejected?: ((reason: unknown) => TRejected | PromiseLike<TRejected>) | null,
  ): Promise<TFulfilled | TRejected> {
    const begin = this.#begin;
    this.#begin = null;
    if (begin !== null) this.#resolve(begin());
    return super.then(onFulfilled, onRejected);
  }
}
