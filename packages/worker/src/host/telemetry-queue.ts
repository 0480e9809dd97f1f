import type { TelemetryRecord } from "@pawl/contract/worker-protocol";

const maxQueued = 20_000;
const maxPerCall = 1_000;
/** The first record of a quiet time waits this long for others, in milliseconds. */
const lingerMs = 20;
const firstDelayMs = 100;
const longestDelayMs = 5_000;
const callTimeoutMs = 10_000;

/** Where telemetry goes. */
export interface TelemetryTarget {
  readonly url: string;
  readonly secretKey: string;
  /** Called with the number of records that had to be dropped. */
  readonly onDropped: (count: number) => void;
}

/**
 * Sends logs and spans to the server in the background: one call at a time, tried again until it succeeds. When the server is
 * away for long the oldest records are dropped and counted. Control never waits for it.
 */
export class TelemetryQueue {
  readonly #target: TelemetryTarget;
  #records: TelemetryRecord[] = [];
  #dropped = 0;
  #isSending = false;
  #isClosed = false;
  #wake: (() => void) | null = null;
  #whenEmpty: (() => void)[] = [];

  constructor(target: TelemetryTarget) {
    this.#target = target;
  }

  /** Queues records. */
  push(records: readonly TelemetryRecord[]): void {
    for (const record of records) this.#records.push(record);
    // A tenth more than the limit is let in, so that dropping is not done record by record.
    if (this.#records.length > maxQueued * 1.1) {
      const excess = this.#records.length - maxQueued;
      this.#records.splice(0, excess);
      this.#dropped += excess;
    }
    if (!this.#isSending) void this.#sendAll();
  }

  /** Sends what is queued; gives up after a time. @param timeoutMs - how long to try, in milliseconds */
  async flush(timeoutMs: number): Promise<void> {
    if (this.#isSending) {
      const empty = new Promise<void>((resolve) => this.#whenEmpty.push(resolve));
      this.#wake?.();
      await Promise.race([empty, new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref())]);
    }
  }

  /** Drops what is left and sends nothing more. */
  close(): void {
    this.#isClosed = true;
    this.#records = [];
    this.#wake?.();
  }

  async #sendAll(): Promise<void> {
    this.#isSending = true;
    let delayMs = lingerMs;
    while (this.#records.length > 0 && !this.#isClosed) {
      await this.#pause(delayMs);
      const records = this.#records.splice(0, maxPerCall);
      if (await this.#post(records)) {
        delayMs = 0;
        this.#tellDropped();
      } else {
        this.#records.unshift(...records);
        delayMs = Math.min(longestDelayMs, Math.max(firstDelayMs, delayMs * 2));
      }
    }
    this.#isSending = false;
    for (const resolve of this.#whenEmpty.splice(0)) resolve();
  }

  #tellDropped(): void {
    if (this.#dropped === 0) return;
    this.#target.onDropped(this.#dropped);
    this.#dropped = 0;
  }

  async #pause(delayMs: number): Promise<void> {
    if (delayMs === 0 || (delayMs === lingerMs && this.#whenEmpty.length > 0)) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = null;
  }

  async #post(records: readonly TelemetryRecord[]): Promise<boolean> {
    if (records.length === 0) return true;
    try {
      const response = await fetch(this.#target.url, {
        method: "POST",
        headers: { authorization: `Bearer ${this.#target.secretKey}`, "content-type": "application/json" },
        body: JSON.stringify({ records }),
        signal: AbortSignal.timeout(callTimeoutMs),
      });
      await response.body?.cancel();
      // What the server refuses as wrong would be refused for ever.
      if (response.status >= 400 && response.status < 500 && response.status !== 401 && response.status !== 429) {
        this.#dropped += records.length;
        return true;
      }
      return response.ok;
    } catch {
      return false;
    }
  }
}
