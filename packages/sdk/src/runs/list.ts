import type { RequestOptions } from "../client/client-settings.ts";
import { withDates } from "../client/dates.ts";
import { isWireList, listQuery } from "../client/list-query.ts";
import { type PagePromise, pagePromise } from "../client/page.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { checkOptionNames, type OptionNames } from "../options/option-names.ts";
import { type ListedRun, runTimeFields } from "./run.ts";
import { filterNames, queueNames, type RunFilters } from "./run-filters.ts";

/** Which runs to list. */
export interface ListRunsOptions extends RunFilters {
  /** Runs on a page, 1 to 100; default: 25. */
  readonly limit?: number;
  /** A cursor of an earlier page. */
  readonly after?: string;
  readonly before?: string;
}

const listNames: OptionNames<ListRunsOptions> = { ...filterNames, limit: true, after: true, before: true };

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
  checkOptionNames("runs.list", options, listNames);
  const { status, taskIdentifier, version, tag, machine, region, batch, schedule, bulkAction } = options;
  const [queue, isTest] = [queueNames(options.queue), options.isTest?.toString()];
  const filters = { status, taskIdentifier, version, tag, queue, machine, region, batch, schedule, bulkAction, isTest };
  return pagePromise(options, async (cursors, send) => {
    const path = `/api/v1/runs?${listQuery(filters, options, cursors)}`;
    const answer = await send({ method: "GET", path, options: requestOptions });
    if (!isWireList(answer.body)) throw unexpectedAnswer(answer, "a list of runs");
    // The server answers with what the contract says.
    const data = answer.body.data.map((run) => withDates(run, runTimeFields) as unknown as ListedRun);
    return { data, pagination: answer.body.pagination };
  });
}
