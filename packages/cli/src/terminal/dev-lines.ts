import { formatDuration } from "@pawl/contract/duration";
import type { RunErrorCode } from "@pawl/contract/errors";
import pc from "picocolors";
import type { DevEvent, ListedTask, NamedRun } from "../dev/dev-event.ts";
import { clockTime } from "./clock.ts";
import { renderLogLine, shortRunId } from "./log-line.ts";
import { userFrames } from "./stack.ts";
import { renderTable } from "./table.ts";
import { indented } from "./values.ts";

const cancelledCode: RunErrorCode = "TASK_RUN_CANCELLED";

/**
 * One event of `pawl dev` or `pawl worker` for people.
 *
 * @param event - what happened
 * @param at - when
 * @returns the lines for the terminal; none for what needs no line
 */
export function renderDevEvent(event: DevEvent, at: Date): readonly string[] {
  const time = pc.dim(clockTime(at));
  switch (event.type) {
    case "server_starting":
      return [pc.dim("  Starting Postgres and server …")];
    case "server_ready":
      return [`  ${pc.dim("Server ")}  ${pc.underline(event.apiUrl)}${pc.dim(remarkOn(event))}`];
    case "server_restarting":
      return [`${time} ${pc.yellow("!")} ${event.reason}`];
    case "server_says":
      return [`${time} ${pc.cyan("!")} ${event.message}`];
    case "version_ready":
      return event.isFirst ? renderSummary(event.label, event.tasks) : [renderNewVersion(event, time)];
    case "version_failed":
      return [
        `${time} ${pc.red("✖")} ${event.message}`,
        ...event.details.map((line) => pc.dim(`           ${line}`)),
        pc.dim("           What was loaded before stays; the next change is tried at once."),
      ];
    case "connection":
      return event.isConnected
        ? [`${time} ${pc.green("✔")} Connected to the server.`]
        : [`${time} ${pc.yellow("!")} ${event.reason ?? "The connection to the server is lost; trying again."}`];
    case "warning":
      return [`${time} ${pc.yellow("!")} ${event.message}`];
    case "run_started":
      return [`${time} ${pc.cyan("▶")} ${nameOf(event)}${attemptOf(event.attempt)}`];
    case "run_log":
      return [renderLogLine({ ...event, at })];
    case "run_finished":
      return renderFinished(event, time);
    case "stopping":
      return [stoppingLine(event.executing, event.graceMs, time)];
    case "stopped":
      return [`${time} Everything has stopped.`];
  }
}

function remarkOn({ isOwn, taken }: Extract<DevEvent, { type: "server_ready" }>): string {
  if (!isOwn) return "";
  if (taken === undefined) return "  (started for this project)";
  return `  (${taken.port} is taken by ${taken.pid === undefined ? "another program" : `pid ${taken.pid}`})`;
}

function renderSummary(label: string, tasks: readonly ListedTask[]): readonly string[] {
  const rows = tasks.map((task, index) => [
    index === 0 ? pc.dim("Tasks  ") : "",
    pc.bold(task.id),
    pc.dim(task.filePath),
  ]);
  return [`  ${pc.dim("Version")}  ${label}`, ...renderTable(rows).map((line) => `  ${line}`), ""];
}

function renderNewVersion(event: Extract<DevEvent, { type: "version_ready" }>, time: string): string {
  const count = event.tasks.length === 1 ? "1 task" : `${event.tasks.length} tasks`;
  return `${time} ${pc.green("↻")} Version ${event.label} is loaded: ${count}, ${formatDuration(event.durationMs)}`;
}

function renderFinished(event: Extract<DevEvent, { type: "run_finished" }>, time: string): readonly string[] {
  const { nextAttemptInMs } = event;
  const attempt = nextAttemptInMs === undefined ? attemptOf(event.attempt) : pc.yellow(` attempt ${event.attempt}`);
  const what = `${nameOf(event)}${attempt}`;
  const length = formatDuration(event.durationMs);
  if (event.error === null) return [`${time} ${pc.green("✔")} ${what} ${pc.green("completed")} in ${length}`];
  const { name, message, stackTrace = "" } = event.error;
  if (name === cancelledCode) return [`${time} ${pc.yellow("■")} ${what} ${pc.yellow("cancelled")} after ${length}`];
  const next = nextAttemptInMs === undefined ? "" : `, next attempt in ${formatDuration(nextAttemptInMs)}`;
  return [
    `${time} ${pc.red("✖")} ${what} ${pc.red("failed")} after ${length}${next}`,
    indented(pc.red(name === undefined ? message : `${name}: ${message}`), "           "),
    ...userFrames(stackTrace, process.cwd()).map((line) => pc.dim(`             ${line}`)),
  ];
}

/** Begins with the short id that the run's log lines have, too. */
function nameOf({ runId, taskId, hook }: NamedRun): string {
  const what = hook === undefined ? pc.bold(taskId) : `${pc.bold(taskId)} ${hook}`;
  return `${pc.dim(shortRunId(runId))} ${what} ${pc.dim(runId)}`;
}

function attemptOf(attempt: number): string {
  return attempt > 1 ? pc.yellow(` attempt ${attempt}`) : "";
}

function stoppingLine(executing: number, graceMs: number, time: string): string {
  if (executing === 0) return `${time} Stopping.`;
  const runs = executing === 1 ? "1 run has" : `${executing} runs have`;
  return `${time} Stopping: ${runs} ${formatDuration(graceMs)} to end; Ctrl-C again ends everything now.`;
}
