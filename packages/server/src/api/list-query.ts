import type { CursorPagination, cursorListShape } from "@pawl/contract/api/list-query";
import { parseDuration } from "@pawl/contract/duration";
import { fromPublicId, type IdPrefix } from "@pawl/contract/ids";
import type { z } from "zod";
import { ApiError } from "./errors.ts";
import { refuseNul } from "./validation.ts";

type CursorListQuery = z.infer<z.ZodObject<typeof cursorListShape>>;

/** Where a page begins. */
type CursorQuery = Pick<CursorListQuery, "page[after]" | "page[before]">;

/**
 * Refuses a filter that this server does not have: to ignore it would show what the caller asked not to see.
 *
 * @param query - the query as it came
 * @param schema - the filters there are
 * @throws ApiError `invalid_request` that names the filter
 */
export function refuseUnknownFilters(query: unknown, schema: z.ZodObject): void {
  for (const name of Object.keys(query ?? {})) {
    if (!name.startsWith("filter[") || Object.hasOwn(schema.shape, name)) continue;
    throw new ApiError("invalid_request", `${name}: this server does not have that filter. Leave it out.`, name);
  }
}

/**
 * Reads a list of a filter.
 *
 * @param list - its values
 * @param name - the name of the filter, for messages
 * @returns the values; null where nothing is asked for
 * @throws ApiError `unprocessable` for a value that Postgres can't hold
 */
export function filled<T extends string>(list: readonly T[] | undefined, name: string): readonly T[] | null {
  if (list === undefined || list.length === 0) return null;
  for (const value of list) refuseNul(value, name);
  return list;
}

/** The times of creation that are asked for. */
interface CreatedTimes {
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
  readonly period?: string | undefined;
}

/**
 * Reads the times of creation that a list is for.
 *
 * @param query - the query after parsing
 * @param nowMs - the time that a period counts back from, in milliseconds since 1970
 * @returns both ends; null where it is open
 * @throws ApiError `invalid_request` for a period that is none
 */
export function createdInQuery(query: CursorListQuery, nowMs: number): ReturnType<typeof createdBetween> {
  const times = {
    from: query["filter[createdAt][from]"],
    to: query["filter[createdAt][to]"],
    period: query["filter[createdAt][period]"],
  };
  return createdBetween(times, nowMs, (field) => `filter[createdAt][${field}]`);
}

/**
 * Reads times of creation.
 *
 * @param times - both ends, and a period that ends now
 * @param nowMs - the time that a period counts back from, in milliseconds since 1970
 * @param nameOf - what the caller calls a field, for messages
 * @returns both ends; null where it is open
 * @throws ApiError `invalid_request` for a period that is none
 */
export function createdBetween(
  times: CreatedTimes,
  nowMs: number,
  nameOf: (field: keyof CreatedTimes) => string,
): { readonly from: Date | null; readonly to: Date | null } {
  const to = toDate(times.to);
  const from = toDate(times.from);
  const { period } = times;
  if (period === undefined) return { from, to };
  const lengthMs = parseDuration(period);
  if (lengthMs === null) {
    const name = nameOf("period");
    throw new ApiError("invalid_request", `${name}: "${period}" is no duration. Write it like 7d, 1h30m or 45s.`, name);
  }
  const start = new Date(Math.max(0, nowMs - lengthMs));
  return { from: from !== null && from > start ? from : start, to };
}

/** Ids hold a time in 48 bits; whatever lies outside finds the same as the end of that range. */
function toDate(time: Date | undefined): Date | null {
  return time === undefined ? null : new Date(Math.min(Math.max(0, time.getTime()), 2 ** 48 - 1));
}

/** A cursor is the id at the edge of a page; those of a page that was itself asked for by a cursor count their steps behind it. */
const cursorForm = /^([^.]*)(?:\.([0-9]{1,9}))?$/;

/**
 * Reads where a page begins. The published client keeps the cursor that it came by when it turns round, and sends both: then the
 * one of the later page is meant.
 *
 * @param query - the query after parsing
 * @param prefix - what the list is of
 * @returns the last id of the page before, or the first of the page after; null for the first page
 * @throws ApiError `invalid_request` for a text that is no cursor, or for two of which neither is the later
 */
export function cursorOf(
  query: CursorQuery,
  prefix: IdPrefix,
): { readonly direction: "after" | "before"; readonly uuid: string } | null {
  const [after, before] = [readCursor(query, "after", prefix), readCursor(query, "before", prefix)];
  if (after === null || before === null) return after ?? before;
  if (after.step !== before.step) return after.step > before.step ? after : before;
  throw new ApiError("invalid_request", "page[before]: give page[after] or page[before], not both.", "page[before]");
}

function readCursor(query: CursorQuery, direction: "after" | "before", prefix: IdPrefix) {
  const text = query[`page[${direction}]`];
  if (text === undefined) return null;
  const [, id = "", step = "0"] = cursorForm.exec(text) ?? [];
  const uuid = fromPublicId(prefix, id);
  if (uuid !== null) return { direction, uuid, step: Number(step) };
  const name = `page[${direction}]`;
  throw new ApiError("invalid_request", `${name}: is no cursor of this list. Take pagination.next or .previous.`, name);
}

/**
 * Says where a page leads on.
 *
 * @param data - the page
 * @param page - whether there is more on either side
 * @param query - the query that asked for it, as it came
 * @returns the cursors
 */
export function paginationOf(
  data: readonly { readonly id: string }[],
  page: { readonly hasNext: boolean; readonly hasPrevious: boolean },
  query: unknown,
): CursorPagination {
  const step = stepBehind(query as Readonly<Record<string, unknown>>); // the router makes nothing else
  const mark = step === 0 ? "" : `.${step}`;
  const first = data.at(0);
  const last = data.at(-1);
  return {
    ...(page.hasNext && last !== undefined ? { next: `${last.id}${mark}` } : {}),
    ...(page.hasPrevious && first !== undefined ? { previous: `${first.id}${mark}` } : {}),
  };
}

/** One more than the cursors that a page was asked for by; 0 for a page without. */
function stepBehind(query: Readonly<Record<string, unknown>>): number {
  const steps = [query["page[after]"], query["page[before]"]].map((text) =>
    typeof text === "string" ? Number(cursorForm.exec(text)?.[2] ?? 0) + 1 : 0,
  );
  return Math.max(...steps);
}
