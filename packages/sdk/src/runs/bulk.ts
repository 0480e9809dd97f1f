import { type ApiPromise, apiPromise } from "../client/api-promise.ts";
import type { ApiAnswer } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { isWireList, listQuery } from "../client/list-query.ts";
import { type PagePromise, pagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import type { BulkAction, BulkCancelOptions, BulkReplayOptions, ListBulkActionsOptions } from "./bulk-types.ts";
import type { PollOptions } from "./poll.ts";
import { queueNames, type RunFilters } from "./run-filters.ts";

const path = "/api/v1/bulk-actions";

/** A bulk action's id, or what its making gave. */
export type BulkActionRef = string | { readonly id: string };

/** `runs.bulk`: cancels and replays many runs by one call. */
export interface BulkApi {
  /**
   * Cancels all unfinished runs that match, and the runs that they have made. It begins at once, and goes on by itself.
   *
   * @param options - which runs: a `filter`, their `runIds`, or `all: true`; and a name
   * @returns the id of the action
   * @throws BadRequestError when it says no runs, or a filter is not valid
   * @example
   * ```ts
   * const action = await runs.bulk.cancel({ filter: { tag: "import-7", status: "QUEUED" } });
   * console.log((await runs.bulk.poll(action)).counts);
   * ```
   */
  cancel(options: BulkCancelOptions, requestOptions?: RequestOptions): ApiPromise<{ readonly id: string }>;
  /**
   * Makes a new run of each run that matches, finished or not, with its payload and its options, on the current version.
   *
   * @param options - which runs: a `filter`, their `runIds`, or `all: true`; a name, and where the new runs execute
   * @returns the id of the action
   * @throws BadRequestError when it says no runs, or a filter is not valid
   * @example
   * ```ts
   * const action = await runs.bulk.replay({ filter: { taskIdentifier: "charge", status: "FAILED", period: "1d" } });
   * for await (const run of runs.list({ bulkAction: action.id })) console.log(run.id);
   * ```
   */
  replay(options: BulkReplayOptions, requestOptions?: RequestOptions): ApiPromise<{ readonly id: string }>;
  /**
   * Gets a bulk action as it stands now.
   *
   * @param action - its id, or what its making gave
   * @returns the action
   * @throws NotFoundError when there is no such action
   * @example
   * ```ts
   * const { status, counts } = await runs.bulk.retrieve("bulk_…");
   * ```
   */
  retrieve(action: BulkActionRef, requestOptions?: RequestOptions): ApiPromise<BulkAction>;
  /**
   * Waits until a bulk action is over, completed or aborted, by looking at it again and again.
   *
   * @param action - its id, or what its making gave
   * @param options - how often to look
   * @returns the action
   * @throws NotFoundError when there is no such action
   * @example
   * ```ts
   * const { counts } = await runs.bulk.poll(await runs.bulk.cancel({ runIds }), { pollIntervalMs: 200 });
   * ```
   */
  poll(action: BulkActionRef, options?: PollOptions, requestOptions?: RequestOptions): Promise<BulkAction>;
  /**
   * Lists bulk actions, newest first.
   *
   * @param options - the size of a page
   * @returns the first page; iterate over it with `for await` to get every action of every page
   * @throws BadRequestError when the limit is not valid
   * @example
   * ```ts
   * for await (const action of runs.bulk.list()) console.log(action.id, action.status);
   * ```
   */
  list(options?: ListBulkActionsOptions, requestOptions?: RequestOptions): PagePromise<BulkAction>;
  /**
   * Ends a bulk action soon: no further page of it begins. What it has done stays, and one that is over stays as it is.
   *
   * @param action - its id, or what its making gave
   * @returns its id
   * @throws NotFoundError when there is no such action
   * @example
   * ```ts
   * await runs.bulk.abort(action);
   * ```
   */
  abort(action: BulkActionRef, requestOptions?: RequestOptions): ApiPromise<{ readonly id: string }>;
}

/**
 * Cancels and replays many runs by one call; see {@link BulkApi}.
 *
 * @example
 * ```ts
 * const action = await runs.bulk.cancel({ filter: { tag: "import-7" } });
 * const { counts } = await runs.bulk.poll(action);
 * ```
 */
export const bulk: BulkApi = {
  cancel: (options, requestOptions) => create("cancel", options, requestOptions),
  replay: (options, requestOptions) => create("replay", options, requestOptions),
  retrieve,
  async poll(action, options, requestOptions) {
    for (;;) {
      const current = await retrieve(action, requestOptions);
      if (current.status !== "PENDING") return current;
      await new Promise((resolve) => setTimeout(resolve, options?.pollIntervalMs ?? 1_000));
    }
  },
  list(options = {}, requestOptions) {
    return pagePromise(options, async (cursors, send) => {
      const query = listQuery({}, { ...(options.limit === undefined ? {} : { limit: options.limit }) }, cursors);
      const answer = await send({ method: "GET", path: `${path}?${query}`, options: requestOptions });
      if (!isWireList(answer.body)) throw unexpectedAnswer(answer, "a list of bulk actions");
      return { data: answer.body.data.map(toAction), pagination: answer.body.pagination };
    });
  },
  abort: (action, options) =>
    apiPromise(async (send) => ({
      id: idIn(await send({ method: "POST", path: `${pathOf(action)}/abort`, options })),
    })),
};

function create(
  action: "cancel" | "replay",
  { filter, ...options }: BulkReplayOptions,
  requestOptions: RequestOptions | undefined,
): ApiPromise<{ readonly id: string }> {
  return apiPromise(async (send) => {
    const body = JSON.stringify({ action, ...options, ...(filter === undefined ? {} : { filter: toWire(filter) }) });
    return { id: idIn(await send({ method: "POST", path, body, options: requestOptions })) };
  });
}

/** A date becomes the ISO text that JSON writes of it. */
function toWire(filter: RunFilters): Readonly<Record<string, unknown>> {
  return { ...filter, queue: queueNames(filter.queue) };
}

function retrieve(action: BulkActionRef, requestOptions?: RequestOptions): ApiPromise<BulkAction> {
  return apiPromise(async (send) => {
    const answer = await send({ method: "GET", path: pathOf(action), options: requestOptions });
    const body = answer.body as Readonly<Record<string, unknown>> | null; // checked in the next line
    if (typeof body?.id !== "string" || typeof body.status !== "string")
      throw unexpectedAnswer(answer, "a bulk action");
    return toAction(body);
  });
}

/** The server answers with what the contract says. */
function toAction(body: Readonly<Record<string, unknown>>): BulkAction {
  return withDates(body, ["createdAt", "completedAt"]) as unknown as BulkAction;
}

function idIn(answer: ApiAnswer): string {
  const id = (answer.body as { readonly id?: unknown } | null)?.id; // checked in the next line
  if (typeof id !== "string") throw unexpectedAnswer(answer, "the id of a bulk action");
  return id;
}

function pathOf(action: BulkActionRef): string {
  return `${path}/${encodeURIComponent(typeof action === "string" ? action : action.id)}`;
}
