import type { TelemetryRecord } from "@pawl/contract/worker-protocol";

/** The columns of a line, in order. */
export const telemetryColumns =
  "environment_id, run_id, at, kind, attempt, span_id, parent_span_id, level, message, duration_ms, is_error, attributes";

const dayMs = 24 * 3_600_000;
const maxAttempt = 32_767; // of a smallint

/**
 * Writes a record as a line of COPY's text format.
 *
 * A clock of a host may be wrong, and there are partitions only around today: times are kept within a day of now.
 *
 * @param environmentId - whose record it is
 * @param record - the record, its run id a UUID
 * @param nowMs - the time, in milliseconds since 1970
 * @returns the line with its end
 */
export function toCopyLine(environmentId: string, record: TelemetryRecord, nowMs: number): string {
  const atMs = Math.min(Math.max(record.atMs, nowMs - dayMs), nowMs + dayMs);
  const fields = [
    environmentId,
    escapeText(record.runId),
    toTimestamp(atMs),
    record.kind,
    String(Math.min(Math.max(0, record.attempt), maxAttempt)),
    escapeText(record.spanId),
    record.parentSpanId === undefined ? "\\N" : escapeText(record.parentSpanId),
    record.level,
    escapeText(record.message),
    record.durationMs === undefined ? "\\N" : String(record.durationMs),
    record.isError === true ? "t" : "f",
    record.attributes === undefined ? "\\N" : escapeText(record.attributes),
  ];
  return `${fields.join("\t")}\n`;
}

/** With the microseconds that a Date would drop: lines of one millisecond stay in order. */
function toTimestamp(atMs: number): string {
  const wholeMs = Math.floor(atMs);
  const micros = Math.floor((atMs - wholeMs) * 1_000);
  const text = new Date(wholeMs).toISOString();
  return `${text.slice(0, -1)}${String(micros).padStart(3, "0")}Z`;
}

const escapes: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\uFFFD" };

function escapeText(text: string): string {
  return text.replace(/[\\\n\r\t\0]/g, (character) => escapes[character] ?? character);
}
