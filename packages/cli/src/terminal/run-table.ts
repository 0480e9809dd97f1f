import type { RunList, RunSummary } from "@pawl/contract/api/runs";
import pc from "picocolors";
import { dateAndTime } from "./clock.ts";
import { executedFor } from "./executed-for.ts";
import { nothing, renderRecords } from "./records.ts";
import { coloredStatus } from "./status.ts";

const columns = [
  ...["RUN", "TASK", "STATUS", "CREATED", "VERSION"].map((title) => ({ title })),
  { title: "EXECUTED", isFigure: true },
];

/**
 * A list of runs as a table, newest first.
 *
 * @param list - a page of runs
 * @param options - `isFiltered`: whether only some were asked for; `width`: how many characters a line may have, by default those of
 *   the terminal
 * @returns the lines for the terminal
 */
export function renderRunTable(
  list: RunList,
  { isFiltered, width }: { readonly isFiltered: boolean; readonly width?: number | undefined },
): readonly string[] {
  if (list.data.length === 0) {
    return [
      pc.dim(isFiltered ? "There are no such runs." : 'There are no runs yet: make one with "pawl trigger <task>".'),
    ];
  }
  const lines = renderRecords(columns, list.data.map(rowOf), width);
  if (list.pagination.next === undefined) return lines;
  return [...lines, pc.dim("There are older ones: raise --limit, or narrow with --status, --task or --to.")];
}

function rowOf(run: RunSummary): readonly string[] {
  return [
    run.id,
    run.taskIdentifier,
    coloredStatus(run.status),
    dateAndTime(new Date(run.createdAt)),
    run.version ?? nothing,
    executedFor(run) ?? nothing,
  ];
}
