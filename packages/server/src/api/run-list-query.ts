import { listRunsQuerySchema } from "@pawl/contract/api/runs";
import { fromPublicId } from "@pawl/contract/ids";
import { statusFilter } from "@pawl/contract/run-state";
import type { RunListFilter } from "../engine/read-ports.ts";
import { ApiError } from "./errors.ts";
import { createdInQuery, cursorOf, filled, refuseUnknownFilters } from "./list-query.ts";
import { parse } from "./validation.ts";

/**
 * Reads the query of a run list.
 *
 * @param query - the query as it came
 * @param nowMs - the time that a period counts back from, in milliseconds since 1970
 * @returns the filter
 * @throws ApiError `invalid_request` that names the parameter
 */
export function toRunListFilter(query: unknown, nowMs: number): RunListFilter {
  refuseUnknownFilters(query, listRunsQuerySchema);
  const parsed = parse(listRunsQuerySchema, query, "query");
  const statuses = filled(parsed["filter[status]"], "filter[status]");
  const isTest = parsed["filter[isTest]"];
  const cursor = cursorOf(parsed, "run");
  return {
    taskIds: filled(parsed["filter[taskIdentifier]"], "filter[taskIdentifier]"),
    standing: statuses === null ? null : statusFilter(statuses),
    queueNames: filled(parsed["filter[queue]"], "filter[queue]"),
    versionLabels: filled(parsed["filter[version]"], "filter[version]"),
    tags: filled(parsed["filter[tag]"], "filter[tag]"),
    machines: filled(parsed["filter[machine]"], "filter[machine]"),
    regions: filled(parsed["filter[region]"], "filter[region]"),
    batchId: idOf(parsed["filter[batch]"], "batch", "filter[batch]"),
    scheduleId: idOf(parsed["filter[schedule]"], "sched", "filter[schedule]"),
    bulkActionId: idOf(parsed["filter[bulkAction]"], "bulk", "filter[bulkAction]"),
    isTest: isTest === undefined ? null : isTest === "true",
    ...createdInQuery(parsed, nowMs),
    cursor: cursor === null ? null : { direction: cursor.direction, runId: cursor.uuid },
    size: parsed["page[size]"],
  };
}

const nouns = { batch: "batch", sched: "schedule", bulk: "bulk action" } as const;

/**
 * Reads an id that a filter is about.
 *
 * @param text - as it came
 * @param prefix - what it names
 * @param field - the name of the filter, for messages
 * @returns the UUID; null where nothing is asked for
 * @throws ApiError `invalid_request` for a text that is no such id
 */
export function idOf(text: string | undefined, prefix: keyof typeof nouns, field: string): string | null {
  if (text === undefined || text === "") return null;
  const uuid = fromPublicId(prefix, text);
  if (uuid !== null) return uuid;
  throw new ApiError("invalid_request", `${field}: ${text.slice(0, 64)} is no id of a ${nouns[prefix]}.`, field);
}
