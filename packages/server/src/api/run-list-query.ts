import { type ListRunsQuery, listRunsQuerySchema } from "@pawl/contract/api/runs";
import { parseDuration } from "@pawl/contract/duration";
import { fromPublicId } from "@pawl/contract/ids";
import { statusFilter } from "@pawl/contract/run-state";
import type { RunListFilter } from "../engine/read-ports.ts";
import { ApiError } from "./errors.ts";
import { parse, refuseNul } from "./validation.ts";

/**
 * Reads the query of a run list. A filter that this server does not have is refused: to ignore it would show runs that the
 * caller asked not to see.
 *
 * @param query - the query as it came
 * @param nowMs - the time that a period counts back from, in milliseconds since 1970
 * @returns the filter
 * @throws ApiError `invalid_request` that names the parameter
 */
export function toRunListFilter(query: unknown, nowMs: number): RunListFilter {
  refuseUnknownFilters(query);
  const parsed = parse(listRunsQuerySchema, query, "query");
  const taskIds = filled(parsed["filter[taskIdentifier]"]);
  for (const taskId of taskIds ?? []) refuseNul(taskId, "filter[taskIdentifier]");
  const statuses = filled(parsed["filter[status]"]);
  return {
    taskIds,
    standing: statuses === null ? null : statusFilter(statuses),
    from: fromOf(parsed, nowMs),
    to: toDate(parsed["filter[createdAt][to]"]),
    cursor: cursorOf(parsed),
    size: parsed["page[size]"],
  };
}

function refuseUnknownFilters(query: unknown): void {
  for (const name of Object.keys(query ?? {})) {
    if (!name.startsWith("filter[") || Object.hasOwn(listRunsQuerySchema.shape, name)) continue;
    throw new ApiError("invalid_request", `${name}: this server does not have that filter. Leave it out.`, name);
  }
}

/** Run ids hold a time in 48 bits; whatever lies outside finds the same runs as the end of that range. */
function toDate(time: Date | undefined): Date | null {
  return time === undefined ? null : new Date(Math.min(Math.max(0, time.getTime()), 2 ** 48 - 1));
}

function filled<T>(list: readonly T[] | undefined): readonly T[] | null {
  return list === undefined || list.length === 0 ? null : list;
}

function fromOf(query: ListRunsQuery, nowMs: number): Date | null {
  const from = toDate(query["filter[createdAt][from]"]);
  const period = query["filter[createdAt][period]"];
  if (period === undefined) return from;
  const lengthMs = parseDuration(period);
  if (lengthMs === null) {
    const name = "filter[createdAt][period]";
    throw new ApiError("invalid_request", `${name}: "${period}" is no duration. Write it like 7d, 1h30m or 45s.`, name);
  }
  const start = new Date(Math.max(0, nowMs - lengthMs));
  return from !== null && from > start ? from : start;
}

function cursorOf(query: ListRunsQuery): RunListFilter["cursor"] {
  const after = query["page[after]"];
  const before = query["page[before]"];
  if (after !== undefined && before !== undefined) {
    throw new ApiError("invalid_request", "page[before]: give page[after] or page[before], not both.", "page[before]");
  }
  const text = after ?? before;
  if (text === undefined) return null;
  const direction = after === undefined ? "before" : "after";
  const runId = fromPublicId("run", text);
  if (runId === null) {
    const name = `page[${direction}]`;
    throw new ApiError(
      "invalid_request",
      `${name}: is no cursor of this list. Take pagination.next or .previous.`,
      name,
    );
  }
  return { direction, runId };
}
