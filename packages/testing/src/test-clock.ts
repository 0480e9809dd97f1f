/** What a time on the clock is for: what a run waits for passes by itself; the timeout of a token only when nothing else can happen. */
type DueKind = "time" | "timeout";

interface Due {
  readonly atMs: number;
  readonly kind: DueKind;
  readonly fire: () => void;
}

/**
 * The time in a test: it goes on as time does, and jumps ahead where runs only wait. `Date` follows it while the clock is
 * installed, so that code sees after `wait.for({ days: 1 })` that a day has passed.
 *
 * @example
 * ```ts
 * const clock = new TestClock(new Date("2026-01-01T09:00:00Z"));
 * clock.at(clock.nowMs() + 1_000, "time", () => console.log("a second later"));
 * clock.jump({ withTimeouts: false }); // true
 * ```
 */
export class TestClock {
  readonly #realDate = globalThis.Date;
  #offsetMs: number;
  #due: Due[] = [];

  /** @param now - what time it is at first; default: what it is */
  constructor(now?: Date) {
    this.#offsetMs = now === undefined ? 0 : now.getTime() - this.#realDate.now();
  }

  /** Milliseconds since 1970. */
  nowMs(): number {
    return this.#realDate.now() + this.#offsetMs;
  }

  /** Has `Date` tell this clock's time. @returns what puts the other `Date` back */
  install(): () => void {
    const previous = globalThis.Date;
    const nowMs = () => this.nowMs();
    const moved: DateConstructor = new Proxy(previous, {
      construct: (target, given, newTarget) =>
        Reflect.construct(target, given.length === 0 ? [nowMs()] : given, newTarget === moved ? target : newTarget),
      apply: (target) => new target(nowMs()).toString(),
      get: (target, name) => (name === "now" ? nowMs : Reflect.get(target, name)),
    });
    globalThis.Date = moved;
    return () => {
      if (globalThis.Date === moved) globalThis.Date = previous;
    };
  }

  /** Has something happen at a time, when the clock is there. @returns what takes it back */
  at(atMs: number, kind: DueKind, fire: () => void): () => void {
    const due = { atMs, kind, fire };
    this.#due.push(due);
    return () => {
      this.#due = this.#due.filter((other) => other !== due);
    };
  }

  /**
   * Jumps to what is due next, and has it happen.
   *
   * @param options - `withTimeouts`: whether the timeout of a token counts
   * @returns whether there was anything
   */
  jump({ withTimeouts }: { readonly withTimeouts: boolean }): boolean {
    const next = this.#next((due) => withTimeouts || due.kind === "time");
    if (next === null) return false;
    this.advance(Math.max(0, next.atMs - this.nowMs()));
    return true;
  }

  /** Moves the clock on. What becomes due on the way happens, in its order. */
  advance(lengthMs: number): void {
    const untilMs = this.nowMs() + lengthMs;
    for (let next = this.#next(); next !== null && next.atMs <= untilMs; next = this.#next()) {
      this.#moveTo(next.atMs);
      this.#due = this.#due.filter((due) => due !== next);
      next.fire();
    }
    this.#moveTo(untilMs);
  }

  #moveTo(atMs: number): void {
    this.#offsetMs += Math.max(0, atMs - this.nowMs());
  }

  #next(isMeant: (due: Due) => boolean = () => true): Due | null {
    let next: Due | null = null;
    for (const due of this.#due) if (isMeant(due) && (next === null || due.atMs < next.atMs)) next = due;
    return next;
  }
}
