/** A queue that several tasks can share. */
export interface Queue {
  readonly name: string;
  /** How many runs of the queue may execute at once; `undefined`: as many as the environment may. */
  readonly concurrencyLimit: number | undefined;
}

/**
 * Describes a queue, to be given to tasks.
 *
 * @param options - its name, of 1 to 128 characters, and how many of its runs may execute at once (0 pauses it)
 * @returns the queue
 * @throws TypeError when the name or the limit can't be right
 * @example
 * ```ts
 * const mail = queue({ name: "mail", concurrencyLimit: 5 });
 * export const send = task({ id: "send", queue: mail, run: async (to: string) => deliver(to) });
 * ```
 */
export function queue(options: { readonly name: string; readonly concurrencyLimit?: number }): Queue {
  const { name, concurrencyLimit } = options;
  if (typeof name !== "string" || name === "" || name.length > 128) {
    throw new TypeError("A queue needs a name of 1 to 128 characters.");
  }
  if (concurrencyLimit !== undefined && !(Number.isInteger(concurrencyLimit) && concurrencyLimit >= 0)) {
    throw new TypeError(
      `The concurrencyLimit of queue ${name} is ${concurrencyLimit}; it must be a whole number from 0.`,
    );
  }
  return { name, concurrencyLimit };
}
