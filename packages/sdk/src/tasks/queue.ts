import { type OptionNames, unknownOption } from "../options/option-names.ts";
import { type RateLimit, rateLimitProblem } from "./rate-limit.ts";

/** A queue that several tasks can share. */
export interface Queue {
  readonly name: string;
  /** How many runs of each concurrency key of the queue may execute at once; `undefined`: as many as the environment may. */
  readonly concurrencyLimit: number | undefined;
  /** How many runs of the queue may execute at once, all concurrency keys together; `undefined`: no such limit. */
  readonly combinedConcurrencyLimit: number | undefined;
  /** How many runs of each concurrency key of the queue may start in a time; `undefined`: no such limit. */
  readonly rateLimit?: RateLimit | undefined;
  /** How many runs of the queue may start in a time, all concurrency keys together; `undefined`: no such limit. */
  readonly combinedRateLimit?: RateLimit | undefined;
}

/** Settings of a queue in the definition of a task. */
export interface QueueSettings {
  /** Default: the task's own queue, `task/<id>`. */
  readonly name?: string;
  /** How many runs may execute at once, for each concurrency key; a whole number from 0. With 1 they execute in the order of triggering. */
  readonly concurrencyLimit?: number;
  /** For all concurrency keys together; a whole number from 0. */
  readonly combinedConcurrencyLimit?: number;
  /** How many runs may start in a time, for each concurrency key. Each attempt counts; going on after a wait does not. */
  readonly rateLimit?: RateLimit;
  /** For all concurrency keys together. */
  readonly combinedRateLimit?: RateLimit;
}

/**
 * Describes a queue, to be given to tasks.
 *
 * @param options - its name, of 1 to 128 characters; how many of its runs may execute at once for each concurrency key (0
 * pauses it), and for all of them together; how many may start in a time, likewise
 * @returns the queue
 * @throws TypeError when the name, a limit or a rate can't be right
 * @example
 * ```ts
 * const mail = queue({ name: "mail", concurrencyLimit: 5, rateLimit: { limit: 100, period: "1m" } });
 * export const send = task({ id: "send", queue: mail, run: async (to: string) => deliver(to) });
 * await send.trigger("ada@example.com", { concurrencyKey: "example.com" });
 * ```
 */
export function queue(options: QueueSettings & { readonly name: string }): Queue {
  const { name } = options;
  if (typeof name !== "string" || name === "" || name.length > 128) {
    throw new TypeError("A queue needs a name of 1 to 128 characters.");
  }
  const { concurrencyLimit, combinedConcurrencyLimit, rateLimit, combinedRateLimit } = options;
  checkedQueue(name, options);
  return checkedQueue(name, {
    concurrencyLimit,
    combinedConcurrencyLimit,
    ...(rateLimit === undefined ? {} : { rateLimit }),
    ...(combinedRateLimit === undefined ? {} : { combinedRateLimit }),
  });
}

const queueNames: OptionNames<QueueSettings> = {
  name: true,
  concurrencyLimit: true,
  combinedConcurrencyLimit: true,
  rateLimit: true,
  combinedRateLimit: true,
};

/**
 * Checks the settings of a queue.
 *
 * @param name - the queue's name
 * @param settings - its limits and rates
 * @returns them with the name
 * @throws TypeError when a limit or a rate can't be right
 */
export function checkedQueue<Settings extends Partial<Queue>>(
  name: string,
  settings: Settings,
): Settings & { readonly name: string } {
  const problem = unknownOption(settings, queueNames);
  if (problem !== null) throw new TypeError(`Queue ${name} ${problem}`);
  const { concurrencyLimit, combinedConcurrencyLimit, rateLimit, combinedRateLimit } = settings;
  checkLimit(name, "concurrencyLimit", concurrencyLimit);
  checkLimit(name, "combinedConcurrencyLimit", combinedConcurrencyLimit);
  checkRate(name, "rateLimit", rateLimit);
  checkRate(name, "combinedRateLimit", combinedRateLimit);
  return { ...settings, name };
}

function checkLimit(name: string, option: string, limit: number | undefined): void {
  if (limit === undefined || (Number.isInteger(limit) && limit >= 0)) return;
  throw new TypeError(`The ${option} of queue ${name} is ${limit}; it must be a whole number from 0.`);
}

function checkRate(name: string, option: string, rate: RateLimit | undefined): void {
  const problem = rate === undefined ? null : rateLimitProblem(rate);
  if (problem !== null) throw new TypeError(`The ${option} of queue ${name} ${problem}`);
}
