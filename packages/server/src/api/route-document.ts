import type { ZodType } from "zod";

/** What the API's own document, `/api/openapi.json`, says of a route. */
export interface RouteDocument {
  /** One line, without a period: what the route does. */
  readonly summary: string;
  /** What it belongs to, as a heading: `Runs`, `Streams`, … */
  readonly tag: string;
  /** What is worth knowing besides, in Markdown. */
  readonly description?: string;
  /** What parts of the path stand for, by their names, where the name does not say it. */
  readonly params?: Readonly<Record<string, string>>;
  /** The schema of the query string. */
  readonly query?: ZodType;
  /** The schema of the JSON body. */
  readonly body?: ZodType;
  /** The content type of the body, where it is not `application/json`; then `body` is about each line of it, or absent. */
  readonly bodyType?: string;
  /** The schema of each answer that is not an error, by its status; `null` where the answer is not JSON. */
  readonly answers: Readonly<Record<number, ZodType | null>>;
  /**
   * The scopes that let a public token in, any of them, only where the route takes such tokens. `{runId}` stands for what the address
   * names; other words in braces, such as `{task}` or `{tag}`, for a task, a tag, a batch or a queue of what is asked for.
   */
  readonly scopes?: readonly string[];
  /** A body and the answer to it. */
  readonly example?: { readonly body?: unknown; readonly answer?: unknown };
}
