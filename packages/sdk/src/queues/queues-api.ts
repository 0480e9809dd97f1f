import type { QueueItem } from "@pawl/contract/api/queues";
import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { ApiAnswer } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { type NumberedPagination, numberedPages } from "../client/numbered-pages.ts";
import type { PagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { badRequest } from "../errors/bad-request.ts";
import { type RateLimit, rateLimitProblem } from "../tasks/rate-limit.ts";

/** Names a queue: by its id `queue_…` or its whole name (as of `ctx.queue`), by the task whose own it is, or by its name. */
export type QueueRef = string | { readonly type: "task" | "custom"; readonly name: string };

/** A queue as it stands, with live counts. */
export interface RetrievedQueue extends Omit<QueueItem, "concurrency" | "rates"> {
  readonly concurrency?: Omit<NonNullable<QueueItem["concurrency"]>, "overriddenAt"> & {
    readonly overriddenAt: Date | null;
  };
  readonly rates?: Omit<NonNullable<QueueItem["rates"]>, "overriddenAt"> & { readonly overriddenAt: Date | null };
}

/** Rates to hold in place of those that the code declares; null lifts one, and one that is left out stays as declared. */
export interface RateLimitOverride {
  /** For each concurrency key. */
  readonly rateLimit?: RateLimit | null;
  /** For all concurrency keys together. */
  readonly combinedRateLimit?: RateLimit | null;
}

/** Which queues to list. */
export interface ListQueuesOptions {
  /** From 1, the default. */
  readonly page?: number;
  /** Queues on a page, 1 to 100; default: 25. */
  readonly perPage?: number;
}

/** The calls of {@link queues}. All but `list` throw NotFoundError when there is no such queue. */
export interface QueuesApi {
  /**
   * Lists the queues of the environment.
   *
   * @param options - the page and its size
   * @returns that page; iterate over it with `for await` to get every queue from there on
   * @example
   * ```ts
   * for await (const queue of queues.list()) console.log(queue.name, queue.running, queue.queued);
   * ```
   */
  list(options?: ListQueuesOptions, requestOptions?: RequestOptions): PagePromise<RetrievedQueue, NumberedPagination>;
  /**
   * Gets a queue with its live counts.
   *
   * @param queue - its id, or its type and name
   * @example
   * ```ts
   * const { queued } = await queues.retrieve({ type: "task", name: "mail.send" });
   * ```
   */
  retrieve(queue: QueueRef, requestOptions?: RequestOptions): ApiPromise<RetrievedQueue>;
  /**
   * Starts no more runs of a queue; those that execute go on.
   *
   * @example
   * ```ts
   * await queues.pause({ type: "custom", name: "mail" });
   * ```
   */
  pause(queue: QueueRef, requestOptions?: RequestOptions): ApiPromise<RetrievedQueue>;
  /**
   * Starts runs of a paused queue again.
   *
   * @example
   * ```ts
   * await queues.resume({ type: "custom", name: "mail" });
   * ```
   */
  resume(queue: QueueRef, requestOptions?: RequestOptions): ApiPromise<RetrievedQueue>;
  /**
   * Sets how many runs of a queue may execute at once, in place of what its code says and over deployments.
   *
   * @param concurrencyLimit - for each concurrency key; a whole number from 0
   * @throws BadRequestError when the limit is no such number, or over what the environment allows
   * @example
   * ```ts
   * await queues.overrideConcurrencyLimit({ type: "custom", name: "mail" }, 20);
   * ```
   */
  overrideConcurrencyLimit(
    queue: QueueRef,
    concurrencyLimit: number,
    requestOptions?: RequestOptions,
  ): ApiPromise<RetrievedQueue>;
  /**
   * Gives a queue the limit of its code back.
   *
   * @example
   * ```ts
   * await queues.resetConcurrencyLimit({ type: "custom", name: "mail" });
   * ```
   */
  resetConcurrencyLimit(queue: QueueRef, requestOptions?: RequestOptions): ApiPromise<RetrievedQueue>;
  /**
   * Sets how many runs of a queue may start in a time, in place of what its code says and over deployments.
   *
   * @param rate - for each concurrency key; or both rates
   * @throws BadRequestError when a rate can't be right
   * @example
   * ```ts
   * await queues.overrideRateLimit({ type: "custom", name: "mail" }, { limit: 10, period: "1m" });
   * ```
   */
  overrideRateLimit(
    queue: QueueRef,
    rate: RateLimit | RateLimitOverride,
    requestOptions?: RequestOptions,
  ): ApiPromise<RetrievedQueue>;
  /**
   * Gives a queue the rates of its code back.
   *
   * @example
   * ```ts
   * await queues.resetRateLimit({ type: "custom", name: "mail" });
   * ```
   */
  resetRateLimit(queue: QueueRef, requestOptions?: RequestOptions): ApiPromise<RetrievedQueue>;
}

/**
 * Looks at queues, and controls them.
 *
 * @example
 * ```ts
 * const mail = { type: "custom", name: "mail" } as const;
 * await queues.pause(mail);
 * console.log((await queues.retrieve(mail)).queued);
 * ```
 */
export const queues: QueuesApi = {
  list({ page, perPage } = {}, requestOptions) {
    // The server answers with what the contract says.
    const readEntry = (queue: unknown) => withDate(queue as QueueItem);
    return numberedPages({ path: "/api/v1/queues", noun: "queues", page, perPage, readEntry, requestOptions });
  },
  retrieve: (queue, options) =>
    apiPromise(async (send) => {
      const { path, type } = place(queue);
      return readQueue(await send({ method: "GET", path: `${path}?type=${type}`, options }));
    }),
  pause: (queue, options) => post(queue, { verb: "pause", body: () => ({ action: "pause" }), options }),
  resume: (queue, options) => post(queue, { verb: "pause", body: () => ({ action: "resume" }), options }),
  overrideConcurrencyLimit(queue, concurrencyLimit, options) {
    const body = () => {
      if (Number.isInteger(concurrencyLimit) && concurrencyLimit >= 0) return { concurrencyLimit };
      throw badRequest(
        "concurrencyLimit",
        `A concurrency limit must be a whole number from 0, not ${concurrencyLimit}.`,
      );
    };
    return post(queue, { verb: "concurrency/override", body, options });
  },
  resetConcurrencyLimit: (queue, options) => post(queue, { verb: "concurrency/reset", options }),
  overrideRateLimit(queue, rate, options) {
    const body = () => {
      const rates: RateLimitOverride = "limit" in rate ? { rateLimit: rate } : rate;
      checkRate("rateLimit", rates.rateLimit);
      checkRate("combinedRateLimit", rates.combinedRateLimit);
      return rates;
    };
    return post(queue, { verb: "rate-limit/override", body, options });
  },
  resetRateLimit: (queue, options) => post(queue, { verb: "rate-limit/reset", options }),
};

function checkRate(option: string, rate: RateLimit | null | undefined): void {
  const problem = rate === undefined || rate === null ? null : rateLimitProblem(rate);
  if (problem !== null) throw badRequest(option, `The ${option} ${problem}`);
}

/** What is done with a queue. */
interface QueueChange {
  readonly verb: string;
  /** Checks what the caller gave, and gives what is sent beside the type of the queue's name. */
  readonly body?: () => object;
  readonly options: RequestOptions | undefined;
}

function post(queue: QueueRef, { verb, body, options }: QueueChange): ApiPromise<RetrievedQueue> {
  return apiPromise(async (send) => {
    const { path, type } = place(queue);
    const text = JSON.stringify({ type, ...body?.() });
    return readQueue(await send({ method: "POST", path: `${path}/${verb}`, body: text, options }));
  });
}

function place(queue: QueueRef): { readonly path: string; readonly type: "id" | "task" | "custom" } {
  const { type, name } = typeof queue === "string" ? { type: "id" as const, name: queue } : queue;
  // A slash in a name is encoded twice, since proxies decode a path once on its way.
  return { path: `/api/v1/queues/${encodeURIComponent(name.replaceAll("/", "%2F"))}`, type };
}

function readQueue(answer: ApiAnswer): RetrievedQueue {
  const queue = answer.body as QueueItem | null; // checked in the next line
  if (typeof queue?.id !== "string" || typeof queue.name !== "string") throw unexpectedAnswer(answer, "a queue");
  return withDate(queue);
}

function withDate(queue: QueueItem): RetrievedQueue {
  const { concurrency, rates, ...rest } = queue;
  return {
    ...rest,
    ...(concurrency === undefined ? {} : { concurrency: overridden(concurrency) }),
    ...(rates === undefined ? {} : { rates: overridden(rates) }),
  };
}

function overridden<T extends { readonly overriddenAt: string | null }>(value: T) {
  const { overriddenAt } = value;
  return { ...value, overriddenAt: overriddenAt === null ? null : new Date(overriddenAt) };
}
