import type { RunList, RunSummary } from "@pawl/contract/api/runs";
import pc from "picocolors";
import { dateAndTime } from "./clock.ts";
import { executedFor } from "./executed-for.ts";
import { coloredStatus } from "./status.ts";
import { renderTable } from "./table.ts";

/**
 * A list of runs as a table, newest first.
 *
 * @param list - a page of runs
 * @returns the lines for the terminal
 */
export function renderRunTable(list: RunList): readonly string[] {
  if (list.data.length === 0) return [pc.dim("There are no such runs.")];
  const head = ["RUN", "TASK", "STATUS", "CREATED", "VERSION", "EXECUTED"].map((title) => pc.dim(title));
  const lines = renderTable([head, ...list.data.map(rowOf)], { rightAligned: [5] });
  if (list.pagination.next === undefined) return lines;
  return [...lines, pc.dim("There are older ones: raise --limit, or narrow with --status and --task.")];
}

function rowOf(run: RunSummary): readonly string[] {
  return [
    run.id,
    run.taskIdentifier,
    coloredStatus(run.status),
    dateAndTime(new Date(run.createdAt)),
    run.version ?? "–",
    executedFor(run) ?? "–",
  ];
}
