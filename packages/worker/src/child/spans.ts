import { AsyncLocalStorage } from "node:async_hooks";
import type { OpenSpan, RunCell } from "@pawl/sdk/runtime";
import { withoutActivity } from "./run-activity.ts";
import { newSpanId, type SpanRecord, type TelemetrySender } from "./telemetry.ts";
import { describeThrown } from "./thrown-value.ts";

/** The span that code is in, and whose it is: a lost context may carry that of another run. */
interface InnerSpan {
  readonly cell: RunCell;
  readonly spanId: string;
}

const innerSpan = new AsyncLocalStorage<InnerSpan>();

/**
 * Finds the span that the calling code is in.
 *
 * @param cell - of the run that asks
 * @returns its id; undefined where the code is in no span of that run
 */
export function currentSpanId(cell: RunCell): string | undefined {
  const inner = innerSpan.getStore();
  return inner?.cell === cell ? inner.spanId : undefined;
}

/** A span whose name is known when it ends. */
export interface NamedLater extends OpenSpan {
  rename(name: string): void;
}

/** The run that a span belongs to. */
interface RunOfSpan {
  readonly runId: string;
  readonly attempt: number;
  readonly cell: RunCell;
}

/**
 * Begins a span of a run, inside of the one that the calling code is in.
 *
 * @param run - the run
 * @param telemetry - takes the span when it ends
 * @param name - what happens
 * @param attributes - details
 * @returns the span
 */
export function startSpan(
  run: RunOfSpan,
  telemetry: TelemetrySender,
  name: string,
  attributes?: Readonly<Record<string, unknown>>,
): NamedLater {
  const { runId, attempt, cell } = run;
  const parentSpanId = currentSpanId(cell);
  const spanId = newSpanId();
  const [atMs, beganMs] = [Date.now(), performance.now()];
  let finalName = name;
  let all = attributes;
  let isError = false;
  let isEnded = false;
  return {
    rename(other) {
      finalName = other;
    },
    setAttributes(more) {
      all = { ...all, ...more };
    },
    fail(thrown) {
      isError = true;
      const { message, stack } = describeThrown(thrown);
      all = { ...all, "exception.message": message, ...(stack === "" ? {} : { "exception.stacktrace": stack }) };
    },
    run: (body) => innerSpan.run({ cell, spanId }, body),
    end() {
      if (isEnded) return;
      isEnded = true;
      const durationMs = performance.now() - beganMs;
      const span: SpanRecord = {
        runId,
        attempt,
        spanId,
        parentSpanId,
        name: finalName,
        atMs,
        durationMs,
        isError,
        attributes: all,
      };
      withoutActivity(() => telemetry.span(span));
    },
  };
}
