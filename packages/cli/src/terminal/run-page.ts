import type { RunDetail, RunEvent } from "@pawl/contract/api/runs";
import { formatDuration } from "@pawl/contract/duration";
import pc from "picocolors";
import { earlierAttempts } from "../earlier-attempts.ts";
import { dateAndTime, withLocalTimes } from "./clock.ts";
import { executedFor } from "./executed-for.ts";
import { renderFailedAttempt } from "./failed-attempt.ts";
import { renderLogLine } from "./log-line.ts";
import { userFrames } from "./stack.ts";
import { coloredStatus } from "./status.ts";
import { renderTable } from "./table.ts";
import { indented, renderValue } from "./values.ts";

const childrenShown = 20;

/**
 * All that is known of a run: its state and why it waits, its times, its error, its children, its logs.
 *
 * @param run - the run
 * @param events - its logs and spans, oldest first
 * @returns the lines for the terminal
 */
export function renderRunPage(run: RunDetail, events: readonly RunEvent[]): readonly string[] {
  return [
    `${coloredStatus(run.status)}  ${pc.bold(run.taskIdentifier)}  ${run.id}`,
    ...(run.reason === undefined ? [] : [pc.yellow(withLocalTimes(run.reason))]),
    "",
    ...renderTable(factsOf(run)),
    ...section("Payload", run.payload),
    ...section("Metadata", run.metadata),
    ...section("Output", run.output),
    ...renderEarlierAttempts(run),
    ...renderError(run),
    ...renderChildren(run),
    ...renderEvents(events),
  ];
}

function factsOf(run: RunDetail): readonly (readonly string[])[] {
  const facts: (readonly [string, string | undefined])[] = [
    ["created", timeOf(run.createdAt)],
    ["delayed until", timeOf(run.delayedUntil)],
    ["started", timeOf(run.startedAt)],
    ["finished", timeOf(run.finishedAt)],
    ["executed for", executedFor(run)],
    ["attempts", String(run.attemptCount)],
    ["version", run.version],
    ["batch", run.batchId],
    ["parent", run.relatedRuns.parent?.id],
    ["time to live", run.ttl],
    ["key", run.idempotencyKey],
    ["tags", run.tags.length === 0 ? undefined : run.tags.join(", ")],
  ];
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[pc.dim(name), value]]));
}

function timeOf(iso: string | undefined): string | undefined {
  return iso === undefined ? undefined : dateAndTime(new Date(iso));
}

function section(title: string, value: unknown): readonly string[] {
  return value === undefined ? [] : ["", pc.bold(title), indented(renderValue(value), "  ")];
}

function renderError({ error }: RunDetail): readonly string[] {
  if (error === undefined) return [];
  const head = error.name === undefined ? error.message : `${error.name}: ${error.message}`;
  const frames = userFrames(error.stackTrace ?? "", process.cwd());
  return ["", pc.bold("Error"), indented(pc.red(head), "  "), ...frames.map((line) => pc.dim(`    ${line}`))];
}

function renderEarlierAttempts(run: RunDetail): readonly string[] {
  const lines = earlierAttempts(run).flatMap(renderFailedAttempt);
  return lines.length === 0 ? [] : ["", pc.bold("Failed attempts"), ...lines.map((line) => `  ${line}`)];
}

function renderChildren({ relatedRuns: { children } }: RunDetail): readonly string[] {
  if (children.length === 0) return [];
  const rows = children.slice(0, childrenShown).map((run) => [run.id, run.taskIdentifier, coloredStatus(run.status)]);
  const left = children.length - rows.length;
  const lines = renderTable(rows).map((line) => `  ${line}`);
  return ["", pc.bold("Children"), ...lines, ...(left > 0 ? [pc.dim(`  and ${left} or more`)] : [])];
}

function renderEvents(events: readonly RunEvent[]): readonly string[] {
  if (events.length === 0) return [];
  const lines: string[] = ["", pc.bold("Logs")];
  let attempt = events[0]?.attempt ?? 1;
  const hasSeveral = events.some((event) => event.attempt !== attempt);
  if (hasSeveral) lines.push(pc.dim(`  attempt ${attempt}`));
  for (const event of events) {
    if (event.attempt !== attempt) lines.push(pc.dim(`  attempt ${event.attempt}`));
    attempt = event.attempt;
    lines.push(`  ${renderEvent(event)}`);
  }
  return lines;
}

function renderEvent(event: RunEvent): string {
  const length = event.durationMs === undefined ? "" : ` ${pc.dim(`(${formatDuration(event.durationMs)})`)}`;
  return renderLogLine({ ...event, at: new Date(event.at) }) + length;
}
