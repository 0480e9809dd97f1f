import type { Packet } from "@pawl/contract/packet";
import type { RunOutcome, RunStanding, RunState } from "@pawl/contract/run-state";
import type { ChildResult, RunResult, TelemetryRecord } from "@pawl/contract/worker-protocol";
import type { MemoryStream } from "./memory-stream.ts";
import type { Waitpoint } from "./waitpoint.ts";

/** The options of a trigger as they come over the wire. */
export type RunOptions = Readonly<Record<string, unknown>>;

/** What makes a run. */
export interface RunOrder {
  readonly taskId: string;
  readonly payload: Packet;
  readonly options: RunOptions;
  readonly parent: MemoryRun | null;
  readonly batchId?: string;
}

/** An attempt that failed. */
export interface FailedAttempt {
  readonly number: number;
  readonly error: Extract<RunResult, { kind: "failed" }>["error"];
  /** How long after it the next one began, in milliseconds; null: there was none. */
  readonly retryDelayMs: number | null;
}

/** How a run ended. */
export interface RunEnding {
  readonly outcome: RunOutcome;
  readonly output?: Packet;
  readonly error?: FailedAttempt["error"];
}

/** A run of a test. */
export class MemoryRun {
  readonly id: string;
  readonly order: RunOrder;
  readonly createdAt: Date;
  readonly children: MemoryRun[] = [];
  readonly failedAttempts: FailedAttempt[] = [];
  readonly records: TelemetryRecord[] = [];
  /** What it has written to streams, by their keys. */
  readonly streams = new Map<string, MemoryStream>();
  /** What was sent to its input streams, by their keys. */
  readonly inputs = new Map<string, MemoryStream>();
  /** The waits that its code has opened, by their keys. */
  readonly waits = new Map<string, Waitpoint>();
  /** The keys of those that its code awaits. */
  awaited: readonly string[] = [];
  /** Whether all that its code does is to await. */
  isParked = false;
  state: RunState = "queued";
  attempt = 0;
  metadata: Readonly<Record<string, unknown>>;
  tags: readonly string[];
  ending: RunEnding | null = null;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
  #end: () => void = () => {};

  constructor(id: string, order: RunOrder, createdAt: Date) {
    this.id = id;
    this.order = order;
    this.createdAt = createdAt;
    const { metadata, tags } = order.options;
    this.metadata = typeof metadata === "string" ? (JSON.parse(metadata) as Record<string, unknown>) : {}; // written by the SDK
    this.tags = [tags ?? []].flat().map(String);
    this.ended = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  get taskId(): string {
    return this.order.taskId;
  }

  get standing(): RunStanding {
    const { attempt, state, ending } = this;
    return ending === null ? { state, outcome: null, attempt } : { state: null, outcome: ending.outcome, attempt };
  }

  /** Whether its idempotency key still finds it: one that failed or expired frees it. */
  get keepsKey(): boolean {
    return this.ending === null || this.ending.outcome === "completed" || this.ending.outcome === "canceled";
  }

  /** The run above all others of its family; itself where it has no parent. */
  get root(): MemoryRun {
    return this.order.parent?.root ?? this;
  }

  /** Ends the run. */
  end(ending: RunEnding): void {
    this.ending = ending;
    this.isParked = false;
    this.#end();
  }

  /** What a parent is told of its end. */
  get result(): ChildResult {
    const { id: runId, taskId, ending } = this;
    if (ending === null) throw new Error("unreachable: a run that goes on has no result");
    if (ending.error !== undefined) return { runId, taskId, ok: false, error: ending.error };
    const { text, type } = ending.output ?? { type: "application/json" };
    return { runId, taskId, ok: true, outputType: type, ...(text === undefined ? {} : { output: text }) };
  }
}
