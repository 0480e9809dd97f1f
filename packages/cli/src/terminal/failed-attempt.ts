import type { AttemptFailure } from "@pawl/contract/api/runs";
import { formatDuration } from "@pawl/contract/duration";
import pc from "picocolors";
import { clockTime } from "./clock.ts";
import { userFrames } from "./stack.ts";
import { indented } from "./values.ts";

/**
 * That an attempt failed which was not the last one of its run.
 *
 * @param attempt - the attempt
 * @returns the lines for the terminal: when, after how long, and why
 */
export function renderFailedAttempt({ number, startedAt, failedAt, error }: AttemptFailure): readonly string[] {
  const at = new Date(failedAt);
  const length = formatDuration(at.getTime() - Date.parse(startedAt));
  const { name, message, stackTrace = "" } = error;
  return [
    `${pc.dim(clockTime(at))} ${pc.red("✖")} attempt ${number} ${pc.red("failed")} after ${length}`,
    indented(pc.red(name === undefined ? message : `${name}: ${message}`), "           "),
    ...userFrames(stackTrace, process.cwd()).map((line) => pc.dim(`             ${line}`)),
  ];
}
