import type { BulkActionList, BulkActionObject } from "@pawl/contract/api/bulk-actions";
import { formatDuration } from "@pawl/contract/duration";
import pc from "picocolors";
import { dateAndTime } from "./clock.ts";
import { nothing, renderRecords } from "./records.ts";
import { renderTable } from "./table.ts";

const columns = [
  ...["BULK ACTION", "ACTION", "STATUS", "CREATED"].map((title) => ({ title })),
  ...["RUNS", "DONE", "NOT DONE"].map((title) => ({ title, isFigure: true })),
  { title: "NAME" },
];

const statusColors = { PENDING: pc.cyan, COMPLETED: pc.green, ABORTED: pc.yellow } as const;

/**
 * Bulk actions as a table, newest first.
 *
 * @param list - a page of bulk actions
 * @param width - how many characters a line may have; default: those of the terminal
 * @returns the lines for the terminal
 */
export function renderBulkTable({ data, pagination }: BulkActionList, width?: number): readonly string[] {
  if (data.length === 0) {
    return [
      pc.dim(
        'There are no bulk actions: "pawl runs cancel" and "pawl runs replay" make one for the runs that match their options.',
      ),
    ];
  }
  const lines = renderRecords(columns, data.map(rowOf), width);
  return pagination.next === undefined ? lines : [...lines, pc.dim("There are older ones: raise --limit.")];
}

/**
 * All that is known of a bulk action.
 *
 * @param action - the action
 * @returns the lines for the terminal
 */
export function renderBulkPage(action: BulkActionObject): readonly string[] {
  const { id, name, type, status, counts, createdAt, completedAt } = action;
  const facts: (readonly [string, string | undefined])[] = [
    ["name", name],
    ["created", dateAndTime(new Date(createdAt))],
    ["ended", completedAt === undefined ? undefined : dateAndTime(new Date(completedAt))],
    ["runs", grouped(counts.total)],
    [type === "CANCEL" ? "cancelled" : "replayed", grouped(counts.success)],
    ["not done", grouped(counts.failure)],
  ];
  const known = facts.flatMap(([title, value]) => (value === undefined ? [] : [[pc.dim(title), value]]));
  return [
    `${statusColors[status](status)}  ${pc.bold(type.toLowerCase())}  ${id}`,
    "",
    ...renderTable(known),
    "",
    pc.dim(`Its runs: pawl runs --bulk ${id}`),
  ];
}

/**
 * How a bulk action ended.
 *
 * @param action - an action that has ended
 * @returns the lines for the terminal
 */
export function renderEndedBulkAction({
  id,
  type,
  status,
  counts,
  createdAt,
  completedAt,
}: BulkActionObject): readonly string[] {
  const verb = type === "CANCEL" ? "Cancelled" : "Replayed";
  const runs = counts.success === 1 ? "1 run" : `${grouped(counts.success)} runs`;
  const took =
    completedAt === undefined ? "" : ` in ${formatDuration(Date.parse(completedAt) - Date.parse(createdAt))}`;
  const mark = status === "COMPLETED" ? pc.green("✔") : pc.yellow("!");
  const left = counts.total - counts.success - counts.failure;
  return [
    `${mark} ${verb} ${runs}${took}${status === "ABORTED" ? `, then it was aborted; ${grouped(left)} are as they were` : ""}`,
    ...(counts.failure === 0 ? [] : [pc.yellow(`  ${grouped(counts.failure)} could not be ${verb.toLowerCase()}`)]),
    pc.dim(`  pawl bulk show ${id}`),
  ];
}

/**
 * That somebody stopped waiting for a bulk action.
 *
 * @param id - of the action
 * @returns the lines for the terminal
 */
export function renderStillWorks(id: string): readonly string[] {
  return [
    "",
    `The bulk action goes on: look at it with "pawl bulk show ${id}", or end it with "pawl bulk abort ${id}".`,
  ];
}

function rowOf({ id, name, type, status, counts, createdAt }: BulkActionObject): readonly string[] {
  return [
    id,
    type.toLowerCase(),
    statusColors[status](status),
    dateAndTime(new Date(createdAt)),
    grouped(counts.total),
    grouped(counts.success),
    counts.failure === 0 ? nothing : grouped(counts.failure),
    name ?? "",
  ];
}

function grouped(count: number): string {
  return count.toLocaleString("en-US");
}
