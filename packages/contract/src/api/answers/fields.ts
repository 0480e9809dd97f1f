import { z } from "zod";

// What the schemas of answers are made of. Answers are written by code whose types say the same; the schemas are for the API's
// document, and for tests that hold real answers against it. What may be absent is never null.

/** A moment, in UTC. */
export const timeSchema = z.string().meta({ format: "date-time", examples: ["2026-11-22T09:30:00.000Z"] });

/** Any JSON object. */
export const jsonObjectSchema = z.record(z.string(), z.unknown());

/** A count, from 0. */
export const countSchema = z.int().min(0);

/**
 * A public id.
 *
 * @param prefix - what it names
 * @returns its schema
 * @example
 * ```ts
 * idSchema("run").parse("run_01kaqk9s6ye4ja0n3x5v7c9bd1");
 * ```
 */
export function idSchema(prefix: string) {
  return z.string().meta({ pattern: `^${prefix}_[0-9a-z]{26}$`, examples: [`${prefix}_01kaqk9s6ye4ja0n3x5v7c9bd1`] });
}

/** Where a page of a list with cursors leads on. */
export const cursorPaginationSchema = z.object({
  next: z.string().exactOptional().describe("For `page[after]`; absent on the last page."),
  previous: z.string().exactOptional().describe("For `page[before]`; absent on the first page."),
});

/** Where a page of a list with numbers stands. */
export const numberedPaginationSchema = z.object({
  currentPage: z.int().min(1),
  totalPages: countSchema,
  count: countSchema.describe("How many there are on all pages."),
});
