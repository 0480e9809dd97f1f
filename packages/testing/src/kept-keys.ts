import { parseDuration } from "@pawl/contract/duration";
import type { TestClock } from "./test-clock.ts";

/** How long an idempotency key holds that has no time of its own, in milliseconds: 30 days. */
const defaultLengthMs = 30 * 86_400_000;

/** What idempotency keys find, for as long as they hold. */
export class KeptKeys<T> {
  readonly #clock: TestClock;
  readonly #kept = new Map<string, { readonly value: T; readonly untilMs: number }>();

  constructor(clock: TestClock) {
    this.#clock = clock;
  }

  /** What the key was given to; undefined where it was not, or holds no more. */
  find(key: string): T | undefined {
    const kept = this.#kept.get(key);
    return kept === undefined || kept.untilMs <= this.#clock.nowMs() ? undefined : kept.value;
  }

  /**
   * Gives a key to something.
   *
   * @param key - the key
   * @param value - what it finds from now on
   * @param ttl - how long, such as `10m`; anything else: 30 days
   */
  keep(key: string, value: T, ttl: unknown): void {
    const lengthMs = (typeof ttl === "string" ? parseDuration(ttl) : null) ?? defaultLengthMs;
    this.#kept.set(key, { value, untilMs: this.#clock.nowMs() + lengthMs });
  }

  /** Frees a key. @returns whether it held */
  free(key: string): boolean {
    const isHeld = this.find(key) !== undefined;
    this.#kept.delete(key);
    return isHeld;
  }
}
