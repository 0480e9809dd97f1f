/**
 * The timers as they are when this is imported: code that fakes timers, as tests do, must not stop what executes it.
 *
 * @example
 * ```ts
 * const { setImmediate } = realTimers;
 * setImmediate(() => console.log("in the next turn"));
 * ```
 */
export const realTimers = {
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
} as const;
