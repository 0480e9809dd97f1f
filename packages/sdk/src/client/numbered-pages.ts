import type { RequestOptions } from "./client-settings.ts";
import { isWireList } from "./list-query.ts";
import { type PagePromise, type Pagination, pagePromise } from "./page.ts";
import { unexpectedAnswer } from "./unexpected-answer.ts";

/** Where a numbered page is among all pages. */
export interface NumberedPagination extends Pagination {
  readonly currentPage: number;
  readonly totalPages: number;
  /** Of all entries. */
  readonly count: number;
}

/** A list whose pages have numbers. */
export interface NumberedList<TEntry> {
  /** Of the route, without a query. */
  readonly path: string;
  /** What the entries are, for the message about an answer that is no such list. */
  readonly noun: string;
  /** From 1, the default. */
  readonly page?: number | undefined;
  /** Default: the server's. */
  readonly perPage?: number | undefined;
  readonly readEntry: (entry: Readonly<Record<string, unknown>>) => TEntry;
  readonly requestOptions: RequestOptions | undefined;
}

/**
 * Asks for a page of a list whose pages have numbers.
 *
 * @param list - which list, and which page
 * @returns the page on its way
 * @example
 * ```ts
 * for await (const queue of numberedPages({ path: "/api/v1/queues", noun: "queues", readEntry, requestOptions })) console.log(queue);
 * ```
 */
export function numberedPages<TEntry>(list: NumberedList<TEntry>): PagePromise<TEntry, NumberedPagination> {
  const { path, noun, page = 1, perPage, readEntry, requestOptions } = list;
  return pagePromise<TEntry, NumberedPagination>({ after: String(page) }, async (cursors, send) => {
    const query = new URLSearchParams({ page: cursors.after ?? cursors.before ?? "1" });
    if (perPage !== undefined) query.set("perPage", String(perPage));
    const answer = await send({ method: "GET", path: `${path}?${query}`, options: requestOptions });
    if (!isWireList(answer.body)) throw unexpectedAnswer(answer, `a list of ${noun}`);
    const pagination = answer.body.pagination as unknown as NumberedPagination; // the server answers with what the contract says
    return { data: answer.body.data.map(readEntry), pagination: withNeighbours(pagination) };
  });
}

/** The cursors of numbered pages are their numbers. */
function withNeighbours(pagination: NumberedPagination): NumberedPagination {
  const { currentPage, totalPages } = pagination;
  const next = currentPage < totalPages ? { next: String(currentPage + 1) } : {};
  const previous = currentPage > 1 ? { previous: String(currentPage - 1) } : {};
  return { ...pagination, ...next, ...previous };
}
