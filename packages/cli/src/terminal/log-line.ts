import pc from "picocolors";
import { clockTime } from "./clock.ts";
import { renderAttributes } from "./values.ts";

const levelColors = { trace: pc.dim, debug: pc.dim, info: pc.blue, warn: pc.yellow, error: pc.red } as const;

/** One line that a run logged. */
export interface LogLine {
  readonly at: Date;
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
  return `${pc.dim(clockTime(line.at))}   ${level} ${line.message}${renderAttributes(line.attributes)}`;
}
