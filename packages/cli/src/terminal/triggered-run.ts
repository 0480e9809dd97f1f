import type { RunDetail } from "@pawl/contract/api/runs";
import { formatDuration } from "@pawl/contract/duration";
import pc from "picocolors";
import { userFrames } from "./stack.ts";
import { coloredStatus } from "./status.ts";
import { indented, renderValue } from "./values.ts";

/**
 * That a run was made, or found by its idempotency key.
 *
 * @param run - its task, its id, and whether it was there before
 * @returns the lines for the terminal
 */
export function renderTriggeredRun(run: {
  readonly taskId: string;
  readonly id: string;
  readonly isCached: boolean;
}): readonly string[] {
  const found = run.isCached ? pc.dim(" was there already") : "";
  return [`${pc.cyan("▶")} ${pc.bold(run.taskId)} ${run.id}${found}`, pc.dim(`  pawl runs show ${run.id}`)];
}

/**
 * How a run ended and how long after its trigger, with its output or its error.
 *
 * @param run - a finished run
 * @returns the lines for the terminal
 */
export function renderEndedRun(run: RunDetail): readonly string[] {
  const mark = run.isSuccess ? pc.green("✔") : pc.red("✖");
  const head = `${mark} ${coloredStatus(run.status)} ${elapsed(run)}`;
  if (run.isSuccess) return run.output === undefined ? [head] : [head, renderValue(run.output)];
  const { name, message = "There is no error.", stackTrace = "" } = run.error ?? {};
  return [
    head,
    indented(pc.red(name === undefined ? message : `${name}: ${message}`), "  "),
    ...userFrames(stackTrace, process.cwd()).map((line) => pc.dim(`    ${line}`)),
  ];
}

function elapsed({ createdAt, finishedAt }: RunDetail): string {
  return finishedAt === undefined ? "" : `after ${formatDuration(Date.parse(finishedAt) - Date.parse(createdAt))}`;
}

/**
 * That somebody stopped waiting for a run.
 *
 * @param runId - its id
 * @returns the lines for the terminal
 */
export function renderGoesOn(runId: string): readonly string[] {
  return ["", `The run goes on: look at it with "pawl runs show ${runId}".`];
}
