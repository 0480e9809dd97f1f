import { randomBytes } from "node:crypto";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { LogRecord } from "@pawl/sdk/runtime";
import type { Link } from "../channel/link.ts";
import type { ChildToHost, HostToChild } from "../channel/messages.ts";
import { asJson } from "./thrown-value.ts";

/** Records that wait for a slow channel are dropped beyond this many characters, and counted. */
const maxBacklogLength = 4 * 1024 * 1024;
const maxMessageLength = 32_000;
const maxAttributesLength = 64_000;

/** Sends what runs log to the host, several records a message. */
export class TelemetrySender {
  readonly #link: Pick<Link<ChildToHost, HostToChild>, "post" | "backlogLength">;
  #records: TelemetryRecord[] = [];
  #dropped = 0;

  constructor(link: Pick<Link<ChildToHost, HostToChild>, "post" | "backlogLength">) {
    this.#link = link;
  }

  /** Records a log line of a run. */
  log(run: { readonly runId: string; readonly attempt: number }, record: LogRecord): void {
    if (this.#link.backlogLength > maxBacklogLength) {
      this.#dropped++;
      return;
    }
    const attributes = attributesOf(record, this.#dropped);
    this.#dropped = 0;
    this.#records.push({
      kind: "log",
      runId: run.runId,
      attempt: run.attempt,
      atMs: record.atMs,
      spanId: newSpanId(),
      level: record.level,
      message:
        record.message.length > maxMessageLength ? `${record.message.slice(0, maxMessageLength)}…` : record.message,
      ...(attributes === null ? {} : { attributes }),
    });
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

function attributesOf(record: LogRecord, dropped: number): string | null {
  if (record.attributes === undefined && !record.isContextLost && dropped === 0) return null;
  const json = asJson({
    ...record.attributes,
    ...(record.isContextLost ? { contextLost: true } : {}),
    ...(dropped > 0 ? { droppedRecords: dropped } : {}),
  });
  return json.length <= maxAttributesLength ? json : asJson({ truncated: json.slice(0, maxAttributesLength) });
}

// Span ids come from a pool of random bytes, since a system call for each would show in tasks that log much.
let pool = "";
let used = 0;

function newSpanId(): string {
  if (used + 16 > pool.length) {
    pool = randomBytes(1024).toString("hex");
    used = 0;
  }
  used += 16;
  return pool.slice(used - 16, used);
}
