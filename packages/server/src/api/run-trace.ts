import type { ListedSpan } from "@pawl/contract/api/run-trace";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { RunRecordWithPackets } from "../engine/read-ports.ts";

/** A part of a run's story: the run itself, an attempt, or a log or span of its code. */
export interface RunSpan {
  readonly id: string;
  /** Null: of the run itself. */
  readonly parentId: string | null;
  readonly message: string;
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly isError: boolean;
  readonly isPartial: boolean;
  readonly isCancelled: boolean;
  readonly level: ListedSpan["level"];
  readonly attempt: number | null;
  readonly properties: Readonly<Record<string, unknown>> | null;
}

/**
 * Tells the story of a run from its row and its telemetry. The run's own span is the first; the others follow in the order of time.
 *
 * @param run - the run
 * @param records - its logs and spans
 * @param nowMs - the time that what has not ended lasts to
 * @returns the spans, each after the one that it belongs to
 */
export function runSpans(
  run: RunRecordWithPackets,
  records: readonly TelemetryRecord[],
  nowMs: number,
): readonly RunSpan[] {
  const root = spanOfRun(run, nowMs);
  const attempts = spansOfAttempts(run, root, nowMs);
  const byAttempt = new Map(attempts.map((span) => [span.attempt, span.id]));
  const known = new Set(records.map(({ spanId }) => spanId));
  const recorded = records.map((record): RunSpan => {
    const { parentSpanId, attempt } = record;
    const hasParent = parentSpanId !== undefined && parentSpanId !== record.spanId && known.has(parentSpanId);
    return {
      id: record.spanId,
      parentId: hasParent ? parentSpanId : (byAttempt.get(attempt) ?? root.id),
      message: record.message,
      startedAt: new Date(record.atMs),
      durationMs: record.durationMs ?? 0,
      isError: record.isError === true || record.level === "error",
      isPartial: false,
      isCancelled: false,
      level: record.level.toUpperCase() as RunSpan["level"], // the same words
      attempt,
      properties: readProperties(record.attributes),
    };
  });
  const inTime = [...attempts, ...recorded].sort(byStart);
  return [root, ...inTime];
}

/** Of two that began in the same millisecond, the longer one holds the other. */
function byStart(a: RunSpan, b: RunSpan): number {
  return a.startedAt.getTime() - b.startedAt.getTime() || b.durationMs - a.durationMs;
}

function spanOfRun(run: RunRecordWithPackets, nowMs: number): RunSpan {
  const isCancelled = run.outcome === "canceled";
  return {
    id: spanId(run.id, 0),
    parentId: null,
    message: run.taskId,
    startedAt: run.createdAt,
    durationMs: (run.finishedAt?.getTime() ?? nowMs) - run.createdAt.getTime(),
    isError: run.outcome !== null && run.outcome !== "completed" && !isCancelled,
    isPartial: run.outcome === null,
    isCancelled,
    level: "TRACE",
    attempt: null,
    properties: null,
  };
}

/** Only of failed attempts and of the first one is it known when they began; the last one began after the failure before. */
function spansOfAttempts(run: RunRecordWithPackets, root: RunSpan, nowMs: number): readonly RunSpan[] {
  const spanOf = (number: number, startedAt: Date, endedAt: Date | null, isError: boolean): RunSpan => ({
    ...root,
    id: spanId(run.id, number),
    parentId: root.id,
    message: `Attempt ${number}`,
    startedAt,
    durationMs: (endedAt?.getTime() ?? nowMs) - startedAt.getTime(),
    isError,
    isPartial: endedAt === null,
    attempt: number,
  });
  const failed = run.failedAttempts.map(({ number, startedAt, failedAt }) => spanOf(number, startedAt, failedAt, true));
  const lastFailure = run.failedAttempts.at(-1);
  if (run.startedAt === null || run.attempt <= (lastFailure?.number ?? 0)) return failed;
  const startedAt = lastFailure?.failedAt ?? run.startedAt;
  return [...failed, spanOf(run.attempt, startedAt, run.finishedAt, root.isError)];
}

/** The last digits of a run's id are random; the number of the attempt is put before them. */
function spanId(runId: string, attempt: number): string {
  return `${attempt.toString(16).padStart(4, "0")}${runId.slice(-12)}`;
}

function readProperties(attributes: string | undefined): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = attributes === undefined ? null : JSON.parse(attributes);
    return typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown> | null) : null; // null is an object too
  } catch {
    return null;
  }
}
