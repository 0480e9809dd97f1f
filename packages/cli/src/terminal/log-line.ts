import pc from "picocolors";
import { clockTime } from "./clock.ts";
import { renderAttributes } from "./values.ts";

const levelColors = { trace: pc.dim, debug: pc.dim, info: pc.blue, warn: pc.yellow, error: pc.red } as const;

/** One line that a run logged. */
export interface LogLine {
  readonly at: Date;
  /** Given where lines of several runs meet. */
  readonly runId?: string;
  readonly level: keyof typeof levelColors;
  readonly message: string;
  readonly attributes?: unknown;
}

/**
 * A log line of a run.
 *
 * @param line - what was logged, and when
 * @returns the text for the terminal
 */
export function renderLogLine(line: LogLine): string {
  const level = levelColors[line.level](line.level.padEnd(5));
  const run = line.runId === undefined ? "" : `${pc.dim(shortRunId(line.runId))} `;
  return `${pc.dim(clockTime(line.at))}   ${run}${level} ${line.message}${renderAttributes(line.attributes)}`;
}

/**
 * Enough of a run's id to tell runs apart that execute at the same time.
 *
 * @param runId - `run_…`
 * @returns its last six characters
 */
export function shortRunId(runId: string): string {
  return runId.slice(-6);
}
