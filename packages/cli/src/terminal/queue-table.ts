import type { QueueItem, QueueList, RateLimitItems } from "@pawl/contract/api/queues";
import pc from "picocolors";
import { queueName } from "../api/queues.ts";
import { renderRate } from "./rate.ts";
import { nothing, renderRecords } from "./records.ts";

const columns = [
  { title: "QUEUE" },
  { title: "EXECUTING", isFigure: true },
  { title: "QUEUED", isFigure: true },
  { title: "RATE", isFigure: true },
  { title: "" },
];

/**
 * Queues as a table: how many runs execute of how many may, how many wait, and what holds them back.
 *
 * @param list - a page of queues
 * @param width - how many characters a line may have; default: those of the terminal
 * @returns the lines for the terminal
 */
export function renderQueueTable({ data, pagination }: QueueList, width?: number): readonly string[] {
  if (data.length === 0) return [pc.dim("There are no queues: a worker or the first run in one makes it.")];
  const lines = renderRecords(columns, data.map(rowOf), width);
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
  const rate = rateOf(queue);
  const parts = [
    `${queue.queued} queued`,
    `${queue.running} executing`,
    limit,
    ...(rate === nothing ? [] : [`rate ${rate}`]),
    ...notesOf(queue),
  ];
  return [`${pc.green("✔")} ${pc.bold(queueName(queue))}  ${parts.join(", ")}`];
}

function rowOf(queue: QueueItem): readonly string[] {
  const { queued, running, concurrencyLimit } = queue;
  const executing = concurrencyLimit === null ? String(running) : `${running} / ${concurrencyLimit}`;
  return [queueName(queue), executing, String(queued), rateOf(queue), notesOf(queue).join(", ")];
}

function rateOf({ rateLimit, combinedRateLimit }: RateLimitItems): string {
  const rates = [
    ...(rateLimit === null ? [] : [renderRate(rateLimit)]),
    ...(combinedRateLimit === null ? [] : [`${renderRate(combinedRateLimit)} in all`]),
  ];
  return rates.length === 0 ? nothing : rates.join(", ");
}

function notesOf({ paused, concurrency, rates }: QueueItem): readonly string[] {
  const notes: string[] = [];
  if (paused) notes.push(pc.yellow("paused"));
  if (concurrency !== undefined && concurrency.override !== null) {
    notes.push(pc.dim(`instead of limit ${concurrency.base ?? "none"}`));
  }
  if (rates !== undefined && rates.override !== null) {
    const base = rateOf(rates.base);
    notes.push(pc.dim(`instead of rate ${base === nothing ? "none" : base}`));
  }
  return notes;
}
