import type { ZodType } from "zod";

/** What the API's own document, `/api/openapi.json`, says of a route. */
export interface RouteDocument {
  /** One line, without a period: what the route does. */
  readonly summary: string;
  /** What it belongs to, as a heading: `Runs`, `Streams`, … */
  readonly tag: string;
  /** The schema of the query string. */
  readonly query?: ZodType;
  /** The schema of the JSON body. */
  readonly body?: ZodType;
  /** The schema of each answer that is not an error, by its status; `null` where the answer is not JSON. */
  readonly answers: Readonly<Record<number, ZodType | null>>;
  /** The scopes that let a public token in, with `:id` for what the address names; only where the route takes such tokens. */
  readonly scopes?: readonly string[];
}
