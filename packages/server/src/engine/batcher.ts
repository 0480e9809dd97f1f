/** How a {@link Batcher} works. */
export interface BatcherSettings<Item, Result> {
  /** Does a whole array at once; results come in the order of the items. */
  readonly run: (items: readonly Item[]) => Promise<readonly Result[]>;
  /** The longest array. */
  readonly maxItems: number;
  /** How many arrays may be under way at once. */
  readonly maxInFlight: number;
  /** Whether an error may be the doing of a single item, so that the array is worth splitting. */
  readonly isItemError: (error: unknown) => boolean;
}

interface Waiting<Item, Result> {
  readonly item: Item;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** An array that is under way for longer than this, in milliseconds, no longer keeps the next from starting. */
const patienceMs = 200;

/**
 * Natural batching: what arrives while arrays are under way makes the next array. Nothing waits for a timer, so a lone item
 * goes at once, and the busier it gets, the larger the arrays become. An array that fails by the fault of one item is split
 * until that item stands alone; an array that takes over 200 ms lets others pass.
 */
export class Batcher<Item, Result> {
  readonly #settings: BatcherSettings<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #inFlight = 0;
  #isScheduled = false;

  constructor(settings: BatcherSettings<Item, Result>) {
    this.#settings = settings;
  }

  /** Adds an item to the next array; settles as the array does, or as the item alone does when the array had to be split. */
  add(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Does items that are an array already, at once and beside what waits; it is split like any other. */
  addAll(items: readonly Item[]): Promise<readonly Result[]> {
    const batch: Waiting<Item, Result>[] = [];
    const results = items.map(
      (item) => new Promise<Result>((resolve, reject) => batch.push({ item, resolve, reject })),
    );
    if (batch.length > 0) void this.#run(batch);
    return Promise.all(results);
  }

  /** Starts the next array after the input of this turn of the event loop has been read. */
  #schedule(): void {
    if (this.#isScheduled || this.#inFlight >= this.#settings.maxInFlight) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#waiting.length === 0) return;
      const batch = this.#waiting.splice(0, this.#settings.maxItems);
      void this.#start(batch);
      if (this.#waiting.length > 0) this.#schedule();
    });
  }

  async #start(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#inFlight++;
    let isCounted = true;
    const release = () => {
      if (!isCounted) return;
      isCounted = false;
      this.#inFlight--;
      if (this.#waiting.length > 0) this.#schedule();
    };
    const patience = setTimeout(release, patienceMs);
    await this.#run(batch);
    clearTimeout(patience);
    release();
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    try {
      const results = await this.#settings.run(batch.map(({ item }) => item));
      for (const [index, { resolve, reject }] of batch.entries()) {
        if (index < results.length)
          resolve(results[index] as Result); // an index below the length has a result
        else reject(new Error("The array came back with fewer results than it had items."));
      }
    } catch (error) {
      if (batch.length === 1 || !this.#settings.isItemError(error)) {
        for (const { reject } of batch) reject(error);
        return;
      }
      const middle = Math.ceil(batch.length / 2);
      await this.#run(batch.slice(0, middle));
      await this.#run(batch.slice(middle));
    }
  }
}
