import { currentRun, type LogRecord, runtime } from "./runtime.ts";

/** Details of a log line; values are written as JSON. */
export type LogAttributes = Readonly<Record<string, unknown>>;

/** The calls of {@link logger}. */
export interface Logger {
  debug(message: string, attributes?: LogAttributes): void;
  /** The same as `info`. */
  log(message: string, attributes?: LogAttributes): void;
  info(message: string, attributes?: LogAttributes): void;
  warn(message: string, attributes?: LogAttributes): void;
  error(message: string, attributes?: LogAttributes): void;
  /** Logs below `debug`. */
  trace(message: string, attributes?: LogAttributes): void;
  /**
   * Runs a function as a span of the run's trace.
   *
   * @returns what the function returns
   * @throws what the function throws
   */
  trace<T>(name: string, body: () => Promise<T> | T, options?: { readonly attributes?: LogAttributes }): Promise<T>;
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
};

function trace(message: string, attributes?: LogAttributes): void;
function trace<T>(
  name: string,
  body: () => Promise<T> | T,
  options?: { readonly attributes?: LogAttributes },
): Promise<T>;
function trace<T>(
  name: string,
  second?: LogAttributes | (() => Promise<T> | T),
  options?: { readonly attributes?: LogAttributes },
): Promise<T> | undefined {
  if (typeof second === "function") {
    // The overloads allow a function as the second argument only as the body of a span.
    return span(name, second as () => Promise<T> | T, options?.attributes);
  }
  write("trace", name, second);
  return undefined;
}

async function span<T>(name: string, body: () => Promise<T> | T, attributes: LogAttributes | undefined): Promise<T> {
  const current = currentRun();
  if (current.kind !== "run" || current.run.span === undefined) return body();
  return current.run.span(name, attributes, async () => body());
}

/** A line whose context is lost belongs, most likely, to the run that executes now; it is marked. */
function write(level: LogRecord["level"], message: string, attributes: LogAttributes | undefined): void {
  const current = currentRun();
  const run = current.kind === "run" ? current.run : runtime().executing();
  if (run === null) return writeToConsole(level, message, attributes);
  run.log({ level, message, attributes, atMs: Date.now(), isContextLost: current.kind !== "run" });
}

function writeToConsole(level: LogRecord["level"], message: string, attributes: LogAttributes | undefined): void {
  const print = level === "trace" ? console.debug : console[level]; // console.trace would add a stack
  if (attributes === undefined) print(message);
  else print(message, attributes);
}
