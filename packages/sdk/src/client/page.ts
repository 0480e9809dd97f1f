import { type ApiPromise, apiPromise, type SendCall } from "./api-promise.ts";

/** Where a page starts; the cursors come from another page. */
export interface PageCursors {
  readonly after?: string | undefined;
  readonly before?: string | undefined;
}

/** The cursors of the pages around a page; absent where there is none. */
export interface Pagination {
  readonly next?: string;
  readonly previous?: string;
}

/** A page as the API gives it. */
export interface PageContents<TEntry, TPagination extends Pagination = Pagination> {
  readonly data: readonly TEntry[];
  readonly pagination: TPagination;
}

/**
 * One page of a list. Iterating goes on through all the pages after it.
 *
 * @example
 * ```ts
 * let page = await runs.list({ limit: 100 });
 * while (page.hasNextPage()) page = await page.getNextPage();
 * ```
 */
export interface Page<TEntry, TPagination extends Pagination = Pagination>
  extends PageContents<TEntry, TPagination>,
    AsyncIterable<TEntry> {
  hasNextPage(): boolean;
  hasPreviousPage(): boolean;
  /** @throws RangeError when there is none */
  getNextPage(): Promise<Page<TEntry, TPagination>>;
  /** @throws RangeError when there is none */
  getPreviousPage(): Promise<Page<TEntry, TPagination>>;
}

/** A page on its way: await it, or iterate over it with `for await` at once. */
export type PagePromise<TEntry, TPagination extends Pagination = Pagination> = ApiPromise<Page<TEntry, TPagination>> &
  AsyncIterable<TEntry>;

type FetchPage<TEntry, TPagination extends Pagination> = (
  cursors: PageCursors,
  send: SendCall,
) => Promise<PageContents<TEntry, TPagination>>;

/**
 * Asks for the first page of a list.
 *
 * @param first - where it starts
 * @param fetchPage - gets one page, with what it is given to send a request
 * @returns the page on its way
 * @example
 * ```ts
 * for await (const entry of pagePromise({}, fetchPage)) console.log(entry);
 * ```
 */
export function pagePromise<TEntry, TPagination extends Pagination = Pagination>(
  first: PageCursors,
  fetchPage: FetchPage<TEntry, TPagination>,
): PagePromise<TEntry, TPagination> {
  const { after, before } = first;
  const page = apiPromise((send) => getPage({ after, before }, fetchPage, send));
  return Object.assign(page, {
    async *[Symbol.asyncIterator]() {
      yield* await page;
    },
  });
}

async function getPage<TEntry, TPagination extends Pagination>(
  cursors: PageCursors,
  fetchPage: FetchPage<TEntry, TPagination>,
  send: SendCall,
): Promise<Page<TEntry, TPagination>> {
  const { data, pagination } = await fetchPage(cursors, send);
  const { next, previous } = pagination;
  const page: Page<TEntry, TPagination> = {
    data,
    pagination,
    hasNextPage: () => next !== undefined,
    hasPreviousPage: () => previous !== undefined,
    async getNextPage() {
      if (next === undefined) throw new RangeError("This is the last page.");
      return pagePromise({ after: next }, fetchPage);
    },
    async getPreviousPage() {
      if (previous === undefined) throw new RangeError("This is the first page.");
      return pagePromise({ before: previous }, fetchPage);
    },
    async *[Symbol.asyncIterator]() {
      yield* data;
      let current = page;
      while (current.hasNextPage()) {
        current = await current.getNextPage();
        yield* current.data;
      }
    },
  };
  return page;
}
