import { logger } from "./logger.ts";

/** What a cache keeps of a value. */
export interface CacheEntry<T = unknown> {
  readonly value: T;
  /** `createdTime` in milliseconds since 1970; `ttl` in milliseconds, for stores that forget by themselves. */
  readonly metadata: { readonly createdTime: number; readonly ttl?: number | null };
}

/** Where a cache keeps values: a `Map`, Redis, a file. */
export interface CacheStore {
  get(key: string): CacheEntry | null | undefined | Promise<CacheEntry | null | undefined>;
  set(key: string, entry: CacheEntry): unknown;
  delete(key: string): unknown;
}

/** Gives the value of a key: the one that is kept, or what the function makes, which is kept then. */
export type CacheFunction = <T>(key: string, make: () => Promise<T> | T) => Promise<T>;

/**
 * Keeps values in the memory of the process, for as long as that lives. Runs that share a process see each other's.
 *
 * @example
 * ```ts
 * const cache = createCache(new InMemoryCache());
 * const rows = await cache("rows:2024", () => readRows());
 * ```
 */
export class InMemoryCache implements CacheStore {
  readonly #entries = new Map<string, CacheEntry>();

  /** Gives what is kept. */
  get(key: string): CacheEntry | undefined {
    return this.#entries.get(key);
  }

  /** Keeps a value. */
  set(key: string, entry: CacheEntry): void {
    this.#entries.set(key, entry);
  }

  /** Forgets a value. */
  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/**
 * Makes a function that makes each value once and keeps it. In a run each call is a span, which says whether the value was there; those
 * who ask for a value while it is being made get the same one. What fails is not kept.
 *
 * @param store - where values are kept
 * @returns the function
 * @example
 * ```ts
 * const cache = createCache(new InMemoryCache());
 * const rows = await cache("rows:2024", () => readRows());
 * ```
 */
export function createCache(store: CacheStore): CacheFunction {
  const underWay = new Map<string, Promise<unknown>>();
  return <T>(key: string, make: () => Promise<T> | T): Promise<T> => {
    const before = underWay.get(key) as Promise<T> | undefined; // of the same key, which names one kind of value
    if (before !== undefined) return before;
    const value = logger.trace(`cache ${key}`, async (span) => {
      const kept = await store.get(key);
      span.setAttributes({ "cache.key": key, "cache.hit": kept !== null && kept !== undefined });
      if (kept !== null && kept !== undefined) return kept.value as T; // as above
      const made = await make();
      await store.set(key, { value: made, metadata: { createdTime: Date.now() } });
      return made;
    });
    const done = () => underWay.delete(key);
    underWay.set(key, value);
    value.then(done, done);
    return value;
  };
}
