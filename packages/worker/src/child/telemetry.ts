import { randomBytes } from "node:crypto";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { LogRecord } from "@pawl/sdk/runtime";
import type { Link } from "../channel/link.ts";
import type { ChildToHost, HostToChild } from "../channel/messages.ts";
import { realTimers } from "./real-timers.ts";
import { asJson } from "./thrown-value.ts";

const { setImmediate } = realTimers;

/** Records that wait for a slow channel are dropped beyond this many characters, and counted. */
const maxBacklogLength = 4 * 1024 * 1024;
const maxMessageLength = 32_000;
const maxAttributesLength = 64_000;

const maxAttributes = 256;

/** A span that has ended. */
export interface SpanRecord {
  readonly runId: string;
  readonly attempt: number;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly name: string;
  /** When it began, in milliseconds since 1970. */
  readonly atMs: number;
  readonly durationMs: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, unknown>> | undefined;
}

/** Sends what runs log, and their spans, to the host, several records a message. */
export class TelemetrySender {
  readonly #link: Pick<Link<ChildToHost, HostToChild>, "post" | "backlogLength">;
  #records: TelemetryRecord[] = [];
  #dropped = 0;

  constructor(link: Pick<Link<ChildToHost, HostToChild>, "post" | "backlogLength">) {
    this.#link = link;
  }

  /** Records a log line of a run. @param parentSpanId - the span that it belongs to */
  log(run: { readonly runId: string; readonly attempt: number }, record: LogRecord, parentSpanId?: string): void {
    this.#add({
      kind: "log",
      runId: run.runId,
      attempt: run.attempt,
      atMs: record.atMs,
      spanId: newSpanId(),
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      level: record.level,
      message: shortened(record.message),
      ...attributesOf(record.attributes, record.isContextLost ? { contextLost: true } : null, this.#dropped),
    });
  }

  /** Records a span of a run. */
  span({ runId, attempt, spanId, parentSpanId, name, atMs, durationMs, isError, attributes }: SpanRecord): void {
    this.#add({
      kind: "span",
      runId,
      attempt,
      atMs,
      spanId,
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      level: "trace",
      message: shortened(name),
      durationMs: Math.round(durationMs * 1_000) / 1_000,
      ...(isError ? { isError } : {}),
      ...attributesOf(attributes, null, this.#dropped),
    });
  }

  #add(record: TelemetryRecord): void {
    if (this.#link.backlogLength > maxBacklogLength) {
      this.#dropped++;
      return;
    }
    this.#dropped = 0;
    this.#records.push(record);
    if (this.#records.length === 1) setImmediate(() => this.flush());
    else if (this.#records.length >= 200) this.flush();
  }

  /** Hands the records to the link, in front of what is sent next. */
  flush(): void {
    if (this.#records.length === 0) return;
    const records = this.#records;
    this.#records = [];
    this.#link.post({ kind: "telemetry", body: records });
  }
}

function shortened(message: string): string {
  return message.length > maxMessageLength ? `${message.slice(0, maxMessageLength)}…` : message;
}

/** What is more than may be kept is left out, and counted. */
function attributesOf(
  given: Readonly<Record<string, unknown>> | undefined,
  own: Readonly<Record<string, unknown>> | null,
  dropped: number,
): { readonly attributes?: string } {
  if (given === undefined && own === null && dropped === 0) return {};
  const entries = Object.entries(given ?? {});
  const excess = entries.length - maxAttributes;
  const kept =
    excess > 0 ? { ...Object.fromEntries(entries.slice(0, maxAttributes)), droppedAttributes: excess } : given;
  const more = { ...own, ...(dropped > 0 ? { droppedRecords: dropped } : {}) };
  const json = asJson({ ...kept, ...more }, Number.POSITIVE_INFINITY);
  return {
    attributes:
      json.length <= maxAttributesLength
        ? json
        : asJson({ truncated: json.slice(0, maxAttributesLength), ...more }, Number.POSITIVE_INFINITY),
  };
}

// Span ids come from a pool of random bytes, since a system call for each would show in tasks that log much.
let pool = "";
let used = 0;

/** Makes the id of a span: 16 hex digits. */
export function newSpanId(): string {
  if (used + 16 > pool.length) {
    pool = randomBytes(1024).toString("hex");
    used = 0;
  }
  used += 16;
  return pool.slice(used - 16, used);
}
