import type { PublicStatus } from "@pawl/contract/run-state";
import { callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { isWireList, listQuery } from "../client/list-query.ts";
import { type PagePromise, pagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../trigger/trigger.ts";
import { type ListedRun, runTimeFields } from "./run.ts";

/** Which runs to list. Of several values in one field any may match; the fields must all match. */
export interface ListRunsOptions {
  /** Runs on a page, 1 to 100; default: 25. */
  readonly limit?: number;
  /** A cursor of an earlier page. */
  readonly after?: string;
  readonly before?: string;
  readonly status?: PublicStatus | readonly PublicStatus[];
  readonly taskIdentifier?: string | readonly string[];
  /** The version that the run executes with, such as `20250228.1`. */
  readonly version?: string | readonly string[];
  /** Runs with any of the tags. */
  readonly tag?: string | readonly string[];
  /** `task/<id>` for a task's own queue. */
  readonly queue?: string | readonly string[];
  /** `batch_…` */
  readonly batch?: string;
  readonly isTest?: boolean;
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
  const { status, taskIdentifier, version, tag, queue, batch, isTest } = options;
  const filters = { status, taskIdentifier, version, tag, queue, batch, isTest: isTest?.toString() };
  return pagePromise(options, async (cursors) => {
    const path = `/api/v1/runs?${listQuery(filters, options, cursors)}`;
    const answer = await callApi({ method: "GET", path, options: requestOptions });
    if (!isWireList(answer.body)) throw unexpectedAnswer(answer, "a list of runs");
    // The server answers with what the contract says.
    const data = answer.body.data.map((run) => withDates(run, runTimeFields) as unknown as ListedRun);
    return { data, pagination: answer.body.pagination };
  });
}
