import { type ActiveRun, type LogRecord, runtime } from "@pawl/sdk/runtime";
import { withoutActivity } from "./run-activity.ts";

/** A line that nobody ends is recorded in pieces of this many characters. */
const maxLineLength = 32_000;

type Level = "info" | "error";

// Lines that have not ended yet; several runs' code can write in turns, so each run has its own.
const unended = new WeakMap<ActiveRun, Record<Level, string>>();
let isCapturing = true;

/** Does what a function says without recording what it writes to stdout and stderr. */
export function withoutCapture<T>(body: () => T): T {
  const before = isCapturing;
  isCapturing = false;
  try {
    return body();
  } finally {
    isCapturing = before;
  }
}

/** Whether output that is written now would be recorded. */
export function isOutputCaptured(): boolean {
  return isCapturing;
}

/** The run that the calling code belongs to, else the one that executes; `isContextLost` tells that it was the latter. */
export function runOfCaller(): { readonly run: ActiveRun; readonly isContextLost: boolean } | null {
  const { context, executing } = runtime();
  const own = context?.getStore()?.run ?? null;
  const run = own ?? executing();
  return run === null ? null : { run, isContextLost: own === null };
}

/**
 * Makes each line that user code writes to `process.stdout` and `process.stderr` a log record of its run, beside writing it
 * where it goes anyway. Empty lines are not recorded.
 */
export function captureOutput(): void {
  captureStream(process.stdout, "info");
  captureStream(process.stderr, "error");
}

/** Records what a run has written of lines that it did not end. */
export function recordUnendedLines(run: ActiveRun): void {
  const lines = unended.get(run);
  if (lines === undefined) return;
  unended.delete(run);
  for (const level of ["info", "error"] as const) record(run, level, lines[level], false);
}

function captureStream(stream: NodeJS.WriteStream, level: Level): void {
  // Both overloads come down to a chunk and the rest, which is handed on as it is.
  const write = stream.write.bind(stream) as (chunk: string | Uint8Array, ...rest: unknown[]) => boolean;
  const captured = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    const result = withoutActivity(() => write(chunk, ...rest));
    if (isCapturing) recordLines(level, typeof chunk === "string" ? chunk : Buffer.from(chunk).toString());
    return result;
  };
  stream.write = captured;
}

function recordLines(level: Level, text: string): void {
  const caller = runOfCaller();
  if (caller === null) return;
  const { run, isContextLost } = caller;
  const lines = unended.get(run) ?? { info: "", error: "" };
  const ended = (lines[level] + text).split("\n");
  lines[level] = ended.pop() ?? "";
  unended.set(run, lines);
  for (const line of ended) record(run, level, line, isContextLost);
  if (lines[level].length < maxLineLength) return;
  record(run, level, lines[level], isContextLost);
  lines[level] = "";
}

function record(run: ActiveRun, level: LogRecord["level"], line: string, isContextLost: boolean): void {
  const message = line.trimEnd();
  if (message !== "") run.log({ level, message, atMs: Date.now(), isContextLost });
}
