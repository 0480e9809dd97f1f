import { createHook } from "node:async_hooks";
import { type RunCell, runtime } from "@pawl/sdk/runtime";

// Counters by the cell of their run. The hook costs something for every asynchronous resource of the process, so it is
// enabled only while somebody counts.
const counters = new Map<RunCell, ActivityCounter>();
let isIgnoring = false;

const hook = createHook({
  init(_asyncId, type) {
    // Steps of promises end within their turn, unless they wait for something else, which is a resource of its own.
    if (type === "PROMISE" || isIgnoring) return;
    const cell = runtime().context?.getStore();
    if (cell !== undefined) counters.get(cell)?.note();
  },
});

/**
 * Counts what the code of one run begins that takes time: timers, requests, writes, whatever Node has an asynchronous
 * resource for, except promises.
 *
 * @example
 * ```ts
 * const counter = new ActivityCounter(run.cell);
 * // a turn of the event loop later
 * if (counter.take() === 0) park();
 * counter.stop();
 * ```
 */
export class ActivityCounter {
  readonly #cell: RunCell;
  #count = 0;

  constructor(cell: RunCell) {
    this.#cell = cell;
    counters.set(cell, this);
    hook.enable();
  }

  /** Counts one more. */
  note(): void {
    this.#count++;
  }

  /** How much was begun since the last call. */
  take(): number {
    const count = this.#count;
    this.#count = 0;
    return count;
  }

  stop(): void {
    if (counters.get(this.#cell) === this) counters.delete(this.#cell);
    if (counters.size === 0) hook.disable();
  }
}

/** Does what a function says without counting what it begins: logging, and what serves the run rather than being its code. */
export function withoutActivity<T>(body: () => T): T {
  const before = isIgnoring;
  isIgnoring = true;
  try {
    return body();
  } finally {
    isIgnoring = before;
  }
}
