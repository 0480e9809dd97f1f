/** A queue that several tasks can share. */
export interface Queue {
  readonly name: string;
  /** How many runs of each concurrency key of the queue may execute at once; `undefined`: as many as the environment may. */
  readonly concurrencyLimit: number | undefined;
  /** How many runs of the queue may execute at once, all concurrency keys together; `undefined`: no such limit. */
  readonly combinedConcurrencyLimit: number | undefined;
}

/** Settings of a queue in the definition of a task. */
export interface QueueSettings {
  /** Default: the task's own queue, `task/<id>`. */
  readonly name?: string;
  /** For each concurrency key; a whole number from 0. */
  readonly concurrencyLimit?: number;
  /** For all concurrency keys together; a whole number from 0. */
  readonly combinedConcurrencyLimit?: number;
}

/**
 * Describes a queue, to be given to tasks.
 *
 * @param options - its name, of 1 to 128 characters; how many of its runs may execute at once for each concurrency key (0
 * pauses it), and for all of them together
 * @returns the queue
 * @throws TypeError when the name or a limit can't be right
 * @example
 * ```ts
 * const mail = queue({ name: "mail", concurrencyLimit: 5, combinedConcurrencyLimit: 50 });
 * export const send = task({ id: "send", queue: mail, run: async (to: string) => deliver(to) });
 * await send.trigger("ada@example.com", { concurrencyKey: "example.com" });
 * ```
 */
export function queue(options: QueueSettings & { readonly name: string }): Queue {
  const { name, concurrencyLimit, combinedConcurrencyLimit } = options;
  if (typeof name !== "string" || name === "" || name.length > 128) {
    throw new TypeError("A queue needs a name of 1 to 128 characters.");
  }
  checkLimit(name, "concurrencyLimit", concurrencyLimit);
  checkLimit(name, "combinedConcurrencyLimit", combinedConcurrencyLimit);
  return { name, concurrencyLimit, combinedConcurrencyLimit };
}

function checkLimit(name: string, option: string, limit: number | undefined): void {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 0)) return;
  throw new TypeError(`The ${option} of queue ${name} is ${limit}; it must be a whole number from 0.`);
}
