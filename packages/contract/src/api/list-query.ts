import { z } from "zod";

/** Several values in one parameter, joined by commas; any of them may match. */
export const commaListSchema = z
  .string()
  .transform((text) => text.split(",").filter((part) => part !== ""))
  .optional();

/** A time in a query: milliseconds since 1970, or an ISO date. */
export const queryTimeSchema = z
  .string()
  .transform((text, context) => {
    const at = new Date(/^\d+$/.test(text) ? Number(text) : text);
    if (!Number.isNaN(at.getTime())) return at;
    context.addIssue({ code: "custom", message: "is no time: give milliseconds since 1970 or an ISO date" });
    return z.NEVER;
  })
  .optional();

/** The largest page of a list. */
export const maxPageSize = 100;

/** The parameters that every list with cursors has. `from`, `to` and `period` are about the time of creation. */
export const cursorListShape = {
  "filter[createdAt][from]": queryTimeSchema,
  "filter[createdAt][to]": queryTimeSchema,
  "filter[createdAt][period]": z.string().optional(),
  "page[size]": z.coerce.number().int().min(1).max(maxPageSize).default(25),
  "page[after]": z.string().optional(),
  "page[before]": z.string().optional(),
} as const;

/** Where a page of a list with cursors leads on. `next` and `previous` are absent where there is no such page. */
export interface CursorPagination {
  readonly next?: string;
  readonly previous?: string;
}
