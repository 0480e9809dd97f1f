import { currentRun, type LogRecord, runtime } from "./runtime.ts";
import { type LogAttributes, openSpan, type SpanOptions, type TraceSpan, traceSpan } from "./trace-span.ts";

/** The calls of {@link logger}. */
export interface Logger {
  /**
   * Writes a line that only who looks for the cause of something reads. It is kept where `logLevel` of the configuration is `debug`
   * or `trace`, or is not set.
   *
   * @param message - the line
   * @param attributes - details; at most 256
   * @example
   * ```ts
   * logger.debug("Cache missed", { key: "movies:2024" });
   * ```
   */
  debug(message: string, attributes?: LogAttributes): void;
  /**
   * The same as `info`.
   *
   * @example
   * ```ts
   * logger.log("Report built");
   * ```
   */
  log(message: string, attributes?: LogAttributes): void;
  /**
   * Writes a line.
   *
   * @example
   * ```ts
   * logger.info("Report built", { movies: 3201 });
   * ```
   */
  info(message: string, attributes?: LogAttributes): void;
  /**
   * Writes a line about what may be wrong.
   *
   * @example
   * ```ts
   * logger.warn("The shop answered slowly", { tookMs: 4_200 });
   * ```
   */
  warn(message: string, attributes?: LogAttributes): void;
  /**
   * Writes a line about what is wrong. The run does not fail by it.
   *
   * @example
   * ```ts
   * logger.error("A row was left out", { row: 17 });
   * ```
   */
  error(message: string, attributes?: LogAttributes): void;
  /**
   * Logs below `debug`; or, with a function, runs it as a span of the run's trace: it has a name, a beginning, a duration, and an error
   * if the function throws. Spans and logs of the code in it belong to it. Outside of a run the function is just called.
   *
   * @param name - what happens
   * @param body - the code; it gets the span
   * @param options - `attributes` of the span
   * @returns what the function returns
   * @throws what the function throws
   * @example
   * ```ts
   * const rows = await logger.trace("read rows", async (span) => {
   *   const found = await readRows();
   *   span.setAttribute("rows", found.length);
   *   return found;
   * }, { attributes: { table: "movies" } });
   * ```
   */
  trace<T>(name: string, body: (span: TraceSpan) => Promise<T> | T, options?: SpanOptions): Promise<T>;
  trace(message: string, attributes?: LogAttributes): void;
  /**
   * Begins a span of the run's trace, for code that no function surrounds. It is recorded when it ends.
   *
   * @param name - what happens
   * @param options - its attributes
   * @returns the span
   * @example
   * ```ts
   * const span = logger.startSpan("upload", { attributes: { parts: 3 } });
   * uploader.once("done", () => span.end());
   * ```
   */
  startSpan(name: string, options?: SpanOptions): TraceSpan;
}

/**
 * Writes log lines of a run. They appear with the run, in its order, and never slow it down or fail it. In a backend they go
 * to the console.
 *
 * @example
 * ```ts
 * logger.info("Report built", { movies: 3201 });
 * const rows = await logger.trace("read rows", () => database.read());
 * ```
 */
export const logger: Logger = {
  debug: (message, attributes) => write("debug", message, attributes),
  log: (message, attributes) => write("info", message, attributes),
  info: (message, attributes) => write("info", message, attributes),
  warn: (message, attributes) => write("warn", message, attributes),
  error: (message, attributes) => write("error", message, attributes),
  trace,
  startSpan: (name, options) => traceSpan(openSpan(name, options)),
};

type SpanBody<T> = (span: TraceSpan) => Promise<T> | T;

function trace<T>(name: string, body: SpanBody<T>, options?: SpanOptions): Promise<T>;
function trace(message: string, attributes?: LogAttributes): void;
function trace<T>(name: string, second?: LogAttributes | SpanBody<T>, options?: SpanOptions): Promise<T> | undefined {
  if (typeof second === "function") {
    // The overloads allow a function as the second argument only as the body of a span.
    return inSpan(name, second as SpanBody<T>, options);
  }
  write("trace", name, second);
  return undefined;
}

async function inSpan<T>(name: string, body: SpanBody<T>, options: SpanOptions | undefined): Promise<T> {
  const span = openSpan(name, options);
  try {
    return await span.run(() => body(traceSpan(span)));
  } catch (thrown) {
    span.fail(thrown);
    throw thrown;
  } finally {
    span.end();
  }
}

const levels = ["trace", "debug", "info", "warn", "error"] as const;

/** Whether the configuration has lines of a level left out. */
function isLeftOut(level: LogRecord["level"]): boolean {
  const { logLevel } = runtime();
  if (logLevel === undefined) return false;
  if (logLevel === "none") return true;
  const least = levels.findIndex((name) => name === (logLevel === "log" ? "info" : logLevel));
  return levels.indexOf(level) < least;
}

/** A line whose context is lost belongs, most likely, to the run that executes now; it is marked. */
function write(level: LogRecord["level"], message: string, attributes: LogAttributes | undefined): void {
  const current = currentRun();
  const run = current.kind === "run" ? current.run : runtime().executing();
  if (run === null) return writeToConsole(level, message, attributes);
  if (isLeftOut(level)) return;
  run.log({ level, message, attributes, atMs: Date.now(), isContextLost: current.kind !== "run" });
}

function writeToConsole(level: LogRecord["level"], message: string, attributes: LogAttributes | undefined): void {
  const print = level === "trace" ? console.debug : console[level]; // console.trace would add a stack
  if (attributes === undefined) print(message);
  else print(message, attributes);
}
