import type { QueueItem, QueueList } from "@pawl/contract/api/queues";
import pc from "picocolors";
import { queueName } from "../api/queues.ts";
import { renderTable } from "./table.ts";

/**
 * Queues as a table: how many runs wait and execute, and what holds them back.
 *
 * @param list - a page of queues
 * @returns the lines for the terminal
 */
export function renderQueueTable({ data, pagination }: QueueList): readonly string[] {
  if (data.length === 0) return [pc.dim("There are no queues: a worker or the first run in one makes it.")];
  const head = [...["QUEUE", "QUEUED", "EXECUTING", "LIMIT"].map((title) => pc.dim(title)), ""];
  const lines = renderTable([head, ...data.map(rowOf)], { rightAligned: [1, 2, 3] });
  if (pagination.currentPage >= pagination.totalPages) return lines;
  return [...lines, pc.dim(`There are ${pagination.count} in all: add --page ${pagination.currentPage + 1} for more.`)];
}

/**
 * How a queue stands after a change.
 *
 * @param queue - the queue
 * @returns the lines for the terminal
 */
export function renderChangedQueue(queue: QueueItem): readonly string[] {
  const limit = queue.concurrencyLimit === null ? "without a limit" : `limit ${queue.concurrencyLimit}`;
  const note = noteOf(queue);
  const figures = `${queue.queued} queued, ${queue.running} executing, ${limit}`;
  return [`${pc.green("✔")} ${pc.bold(queueName(queue))}  ${figures}${note === "" ? "" : `, ${note}`}`];
}

function rowOf(queue: QueueItem): readonly string[] {
  const { queued, running, concurrencyLimit } = queue;
  return [queueName(queue), String(queued), String(running), String(concurrencyLimit ?? "–"), noteOf(queue)];
}

function noteOf({ paused, concurrency }: QueueItem): string {
  const notes: string[] = [];
  if (paused) notes.push(pc.yellow("paused"));
  if (concurrency !== undefined && concurrency.override !== null) {
    notes.push(pc.dim(`instead of ${concurrency.base ?? "none"}`));
  }
  return notes.join(", ");
}
