import { currentRun, type OpenSpan } from "./runtime.ts";

/** Details of a span or of a log line; values are written as JSON. At most 256 are kept, and about 64,000 characters of them. */
export type LogAttributes = Readonly<Record<string, unknown>>;

/** Settings of a span. */
export interface SpanOptions {
  readonly attributes?: LogAttributes;
}

/**
 * A span of a run's trace: what some code did, and how long it took.
 *
 * @example
 * ```ts
 * await logger.trace("import", async (span) => {
 *   const rows = await readRows();
 *   span.setAttribute("rows", rows.length);
 * });
 * ```
 */
export interface TraceSpan {
  /** Adds an attribute, or changes it. Gives the span back. */
  setAttribute(key: string, value: unknown): TraceSpan;
  /** Adds attributes, or changes them. Gives the span back. */
  setAttributes(attributes: LogAttributes): TraceSpan;
  /** Notes an error, so that the span is shown as failed. */
  recordException(error: unknown): void;
  /** Ends the span, and has it recorded. Only the first call counts. */
  end(): void;
}

const noSpan: OpenSpan = {
  setAttributes() {},
  fail() {},
  run: (body) => body(),
  end() {},
};

/**
 * Begins a span of the run that the calling code belongs to; outside of a run one that records nothing.
 *
 * @param name - what happens
 * @param options - its attributes
 * @returns the span, to be ended
 * @example
 * ```ts
 * const span = openSpan("import", { attributes: { shop } });
 * span.end();
 * ```
 */
export function openSpan(name: string, options: SpanOptions = {}): OpenSpan {
  const current = currentRun();
  return (current.kind === "run" ? current.run.startSpan?.(String(name), options.attributes) : undefined) ?? noSpan;
}

/**
 * Gives a span in the form that users have.
 *
 * @param open - the span
 * @returns the same span
 * @example
 * ```ts
 * traceSpan(openSpan("import")).setAttribute("rows", 3).end();
 * ```
 */
export function traceSpan(open: OpenSpan): TraceSpan {
  const span: TraceSpan = {
    setAttribute(key, value) {
      open.setAttributes({ [key]: value });
      return span;
    },
    setAttributes(attributes) {
      open.setAttributes(attributes);
      return span;
    },
    recordException: (error) => open.fail(error),
    end: () => open.end(),
  };
  return span;
}
