import type { PublicStatus } from "@pawl/contract/run-state";
import { callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../trigger/trigger.ts";
import { type PageCursors, type PagePromise, pagePromise } from "./page.ts";
import { type ListedRun, withDates } from "./run.ts";

/** Which runs to list. Of several values in one field any may match; the fields must all match. */
export interface ListRunsOptions {
  /** Runs on a page, 1 to 100; default: 25. */
  readonly limit?: number;
  /** A cursor of an earlier page. */
  readonly after?: string;
  readonly before?: string;
  readonly status?: PublicStatus | readonly PublicStatus[];
  readonly taskIdentifier?: string | readonly string[];
  /** Made at or after this time; a number counts milliseconds since 1970. */
  readonly from?: Date | number;
  /** Made before or at this time. */
  readonly to?: Date | number;
  /** Made in the last such time, as in `7d`. */
  readonly period?: string;
}

/**
 * Lists runs, newest first.
 *
 * @param options - filters and the size of a page
 * @returns the first page; iterate over it with `for await` to get every run of every page
 * @throws BadRequestError when a filter is not valid
 * @example
 * ```ts
 * for await (const run of runs.list({ status: ["FAILED", "CRASHED"], period: "1d" })) console.log(run.id);
 * ```
 */
export function list(options: ListRunsOptions = {}, requestOptions?: RequestOptions): PagePromise<ListedRun> {
  return pagePromise(options, async (cursors) => {
    const path = `/api/v1/runs?${queryOf(options, cursors)}`;
    const answer = await callApi({ method: "GET", path, options: requestOptions });
    if (!isRunList(answer.body)) throw unexpectedAnswer(answer, "a list of runs");
    // The server answers with what the contract says.
    const data = answer.body.data.map((run) => withDates(run) as unknown as ListedRun);
    return { data, pagination: answer.body.pagination };
  });
}

function queryOf(options: ListRunsOptions, cursors: PageCursors): URLSearchParams {
  const query = new URLSearchParams();
  const values = {
    "filter[status]": joined(options.status),
    "filter[taskIdentifier]": joined(options.taskIdentifier),
    "filter[createdAt][from]": milliseconds(options.from),
    "filter[createdAt][to]": milliseconds(options.to),
    "filter[createdAt][period]": options.period,
    "page[size]": options.limit?.toString(),
    "page[after]": cursors.after,
    "page[before]": cursors.before,
  };
  for (const [name, value] of Object.entries(values)) if (value !== undefined) query.set(name, value);
  return query;
}

function joined(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === "object" ? value.join(",") : value;
}

function milliseconds(time: Date | number | undefined): string | undefined {
  return time === undefined ? undefined : String(Number(time));
}

interface WireRunList {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly pagination: { readonly next?: string; readonly previous?: string };
}

function isRunList(body: unknown): body is WireRunList {
  if (typeof body !== "object" || body === null || !("data" in body) || !("pagination" in body)) return false;
  return Array.isArray(body.data) && typeof body.pagination === "object" && body.pagination !== null;
}
