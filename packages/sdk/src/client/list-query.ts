import type { PageCursors } from "./page.ts";

/** What lists by time of creation have in common. */
interface ListRange {
  readonly limit?: number;
  readonly from?: Date | number;
  readonly to?: Date | number;
  readonly period?: string;
}

/** A filter as callers write it: of several values any may match. */
export type FilterValue = string | readonly string[] | undefined;

/**
 * Writes the query of a list.
 *
 * @param filters - what to filter by, under the API's names
 * @param range - the time of creation, and the size of a page
 * @param cursors - where the page starts
 * @returns the query, without a question mark
 * @example
 * ```ts
 * listQuery({ status: ["FAILED"] }, { limit: 10 }, {}).toString(); // "filter%5Bstatus%5D=FAILED&page%5Bsize%5D=10"
 * ```
 */
export function listQuery(
  filters: Readonly<Record<string, FilterValue>>,
  range: ListRange,
  cursors: PageCursors,
): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(filters)) set(query, `filter[${name}]`, joined(value));
  set(query, "filter[createdAt][from]", milliseconds(range.from));
  set(query, "filter[createdAt][to]", milliseconds(range.to));
  set(query, "filter[createdAt][period]", range.period);
  set(query, "page[size]", range.limit?.toString());
  set(query, "page[after]", cursors.after);
  set(query, "page[before]", cursors.before);
  return query;
}

function set(query: URLSearchParams, name: string, value: string | undefined): void {
  if (value !== undefined) query.set(name, value);
}

function joined(value: FilterValue): string | undefined {
  return typeof value === "object" ? value.join(",") : value;
}

function milliseconds(time: Date | number | undefined): string | undefined {
  return time === undefined ? undefined : String(Number(time));
}

/** An answer with a page of entries. */
interface WireList {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly pagination: Readonly<Record<string, unknown>>;
}

/**
 * Says whether an answer is a page of a list.
 *
 * @param body - the body of the answer
 * @returns whether it has entries and says where it leads on
 * @example
 * ```ts
 * isWireList({ data: [], pagination: {} }); // true
 * ```
 */
export function isWireList(body: unknown): body is WireList {
  if (typeof body !== "object" || body === null || !("data" in body) || !("pagination" in body)) return false;
  return Array.isArray(body.data) && typeof body.pagination === "object" && body.pagination !== null;
}
