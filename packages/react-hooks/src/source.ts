/** What components see of something that is followed. */
export interface Snapshot<T> {
  readonly value: T;
  /** Why it is not followed any more. */
  readonly error: Error | undefined;
}

/** What is to be followed. */
export interface Plan<T> {
  /** Components whose plans have equal keys follow one source. */
  readonly key: string;
  /**
   * Follows until the signal fires or there is nothing more. It is given what is shown already. What it rejects with is shown as
   * the error.
   */
  readonly follow: (show: Show<T>, signal: AbortSignal, shown: T) => Promise<void>;
  /** The least time between two updates of the page, in milliseconds; 0: each is shown at once. */
  readonly throttleMs: number;
}

/** Shows a new value. It is asked for when the page is updated, so of several at once only the last is made. */
export type Show<T> = (make: () => T) => void;

/**
 * Something that is followed for as long as a component shows it.
 *
 * ```
 *  open ──it ends by itself──▶ over: shown still, and joined by nobody
 *    └─── no listener is left ──▶ ended
 * ```
 *
 * A listener that leaves and comes back in the same turn of the event loop (as with StrictMode) interrupts nothing.
 */
class Source<T> {
  snapshot: Snapshot<T>;
  readonly #plan: Plan<T>;
  readonly #ending = new AbortController();
  readonly #forget: () => void;
  readonly #listeners = new Set<() => void>();
  #next: (() => T) | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #shownAtMs = Number.NEGATIVE_INFINITY;

  constructor(plan: Plan<T>, value: T, forget: () => void) {
    this.#plan = plan;
    this.#forget = forget;
    this.snapshot = { value, error: undefined };
    void this.#follow();
  }

  listen(listener: () => void): () => void {
    const entry = () => listener(); // one for each call
    this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
      queueMicrotask(() => {
        if (this.#listeners.size === 0) this.#end();
      });
    };
  }

  async #follow(): Promise<void> {
    let error: Error | undefined;
    try {
      await this.#plan.follow((make) => this.#show(make), this.#ending.signal, this.snapshot.value);
    } catch (thrown) {
      error = thrown instanceof Error ? thrown : new Error(String(thrown));
    }
    this.#forget(); // whoever comes now begins anew
    this.#flush(error);
  }

  #show(make: () => T): void {
    this.#next = make;
    const waitMs = this.#shownAtMs + this.#plan.throttleMs - performance.now();
    if (waitMs <= 0) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), waitMs);
  }

  #flush(error?: Error): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#ending.signal.aborted) return;
    const value = this.#next === null ? this.snapshot.value : this.#next();
    this.#next = null;
    this.#shownAtMs = performance.now();
    this.snapshot = { value, error };
    for (const listener of this.#listeners) listener();
  }

  #end(): void {
    this.#ending.abort();
    clearTimeout(this.#timer);
    this.#forget();
  }
}

/** Those that somebody shows. Their keys say what kind of value they have. */
const openSources = new Map<string, Source<unknown>>();

/** What one component follows. It holds the last state also after it has stopped. */
export class Followed<T> {
  readonly plan: Plan<T> | null;
  readonly #before: Snapshot<T>;
  #source: Source<T> | null = null;

  /**
   * Prepares it; nothing is asked for yet.
   *
   * @param plan - null: nothing is followed
   * @param value - what is shown until something has come
   */
  constructor(plan: Plan<T> | null, value: T) {
    this.plan = plan;
    this.#before = { value, error: undefined };
  }

  /** Begins to follow, together with whoever follows the same; gives the way to stop. */
  readonly subscribe = (listener: () => void): (() => void) => {
    const { plan } = this;
    if (plan === null) return () => undefined;
    let source = openSources.get(plan.key) as Source<T> | undefined; // of this kind, by its key
    if (source === undefined) {
      const opened = new Source<T>(plan, this.snapshot().value, () => {
        if (openSources.get(plan.key) === opened) openSources.delete(plan.key);
      });
      openSources.set(plan.key, opened as Source<unknown>); // only who has the key gets it out again
      source = opened;
    }
    this.#source = source;
    return source.listen(listener);
  };

  readonly snapshot = (): Snapshot<T> => this.#source?.snapshot ?? this.#before;
}
