import type { RateLimitItem } from "@pawl/contract/api/queues";
import type { TriggerFunction } from "@pawl/contract/api/runs";
import type { RunError } from "@pawl/contract/errors";
import type { PacketType } from "@pawl/contract/packet";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";
import type { EndHookKind } from "@pawl/contract/task-manifest";

// Runs as the API reads them.

/** A run as it stands, for the API. */
export interface RunRecord {
  readonly id: string;
  readonly taskId: string;
  readonly queueName: string;
  readonly state: RunState | null;
  readonly outcome: RunOutcome | null;
  readonly attempt: number;
  readonly versionLabel: string | null;
  readonly batchId: string | null;
  readonly triggerFunction: TriggerFunction;
  readonly parentRunId: string | null;
  readonly rootRunId: string | null;
  /** How many parents are above it. */
  readonly depth: number;
  readonly isTest: boolean;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  /** When it is or was to be queued, as its trigger asked. */
  readonly delayedUntil: Date | null;
  /** Null: none; otherwise in seconds. */
  readonly ttlS: number | null;
  readonly region: string | null;
  /** As its caller wrote it. */
  readonly idempotencyKey: string | null;
  readonly durationMs: number;
}

/** An attempt that failed. */
export interface FailedAttempt {
  readonly number: number;
  readonly startedAt: Date;
  readonly failedAt: Date;
  readonly error: RunError;
}

/** A run with its packets and its failed attempts, the first one first. */
export interface RunRecordWithPackets extends RunRecord {
  readonly traceId: string;
  readonly failedAttempts: readonly FailedAttempt[];
  readonly payload: string | null;
  readonly payloadType: PacketType;
  readonly output: string | null;
  readonly outputType: PacketType | null;
  readonly error: RunError | null;
  /** The streams that the run gives, in the order in which they were made. */
  readonly streamKeys: readonly string[];
  /** JSON text of an object. */
  readonly metadata: string | null;
  /** The schedule that made the run; null: none did, or it is removed. */
  readonly schedule: {
    readonly id: string;
    readonly externalId: string | null;
    readonly deduplicationKey: string | null;
    readonly cron: string;
  } | null;
}

/** The runs above and below a run. */
export interface RunFamily {
  readonly root: RunRecord | null;
  readonly parent: RunRecord | null;
  /** The first hundred. */
  readonly children: readonly RunRecord[];
}

/** How a run ended. */
export interface RunResult {
  readonly id: string;
  readonly taskId: string;
  readonly outcome: RunOutcome;
  readonly output: string | null;
  readonly outputType: PacketType | null;
  readonly error: RunError | null;
  readonly durationMs: number;
}

/** Which runs are meant: those that match every field. */
export interface RunFilter {
  readonly taskIds: readonly string[] | null;
  /** Null: any standing. */
  readonly standing: {
    readonly states: readonly { readonly state: RunState; readonly isBetweenAttempts: boolean | null }[];
    readonly outcomes: readonly RunOutcome[];
  } | null;
  readonly queueNames: readonly string[] | null;
  readonly versionLabels: readonly string[] | null;
  /** Runs with any of them. */
  readonly tags: readonly string[] | null;
  readonly machines: readonly string[] | null;
  readonly regions: readonly string[] | null;
  readonly batchId: string | null;
  readonly scheduleId: string | null;
  /** The runs that a bulk action has cancelled or made. */
  readonly bulkActionId: string | null;
  readonly isTest: boolean | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** Which runs a list shows. */
export interface RunListFilter extends RunFilter {
  /** The id of the last run of the page before, or of the first run of the page after. */
  readonly cursor: { readonly direction: "after" | "before"; readonly runId: string } | null;
  readonly size: number;
}

/** A page of a run list, newest first. */
export interface RunPage {
  readonly runs: readonly RunRecord[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** Reading runs for the API. */
export interface RunReader {
  retrieve(environmentId: string, runId: string): Promise<RunRecordWithPackets | null>;
  list(environmentId: string, filter: RunListFilter): Promise<RunPage>;
  family(environmentId: string, run: RunRecord): Promise<RunFamily>;
  /** Null: there is no such run; `unfinished`: it has not ended. */
  result(environmentId: string, runId: string): Promise<RunResult | "unfinished" | null>;
  /** The claim that a run is held under; null when no host holds it. */
  claimOf(environmentId: string, runId: string): Promise<{ readonly hostId: string; readonly fence: number } | null>;
  /** The hook that was left to be called when a run had ended, and what became of that; null: none was. */
  endHook(environmentId: string, runId: string): Promise<EndHook | null>;
  /** Null when the run has finished or does not exist. */
  standing(environmentId: string, runId: string): Promise<RunStanding | null>;
}

/** A hook that is called after the end of its run. */
export interface EndHook {
  readonly kind: EndHookKind;
  /** The run that calls it; null: it is still to be made. */
  readonly runId: string | null;
  /** How that run ended; null: it has not. */
  readonly outcome: RunOutcome | null;
  readonly error: RunError | null;
}

/** An item of a batch: a run, or why there is none. */
export interface BatchItemRecord {
  readonly index: number;
  readonly runId: string | null;
  readonly taskId: string | null;
  readonly error: string | null;
  readonly errorCode: string | null;
}

/** A batch as it stands, for the API. */
export interface BatchRecord {
  readonly runCount: number;
  readonly idempotencyKey: string | null;
  readonly createdAt: Date;
  readonly lastItemAt: Date;
  readonly sealedAt: Date | null;
  readonly abortedAt: Date | null;
  /** Whether a run of it has not ended. */
  readonly hasLive: boolean;
  /** In the order of their indexes. */
  readonly items: readonly BatchItemRecord[];
}

/** What an upload of items has to know of its batch. */
export interface OpenBatch {
  readonly runCount: number;
  readonly indexes: ReadonlySet<number>;
  readonly isAborted: boolean;
  readonly parentRunId: string | null;
  /** Whether the parent waits for it. */
  readonly isAwaited: boolean;
}

/** Reading batches for the API. Null where there is no such batch. */
export interface BatchReader {
  open(environmentId: string, batchId: string): Promise<OpenBatch | null>;
  retrieve(environmentId: string, batchId: string): Promise<BatchRecord | null>;
  /** The items that have ended or could not be triggered, in the order of their indexes. */
  results(environmentId: string, batchId: string): Promise<readonly (RunResult | BatchItemRecord)[] | null>;
}

/** How many slots of a limit are taken. */
export interface SlotUse {
  /** Null: no limit. */
  readonly limit: number | null;
  /** By runs that execute or are about to. */
  readonly held: number;
  /** By runs whose wait is over: they go before new ones. */
  readonly resuming: number;
}

/** A connected worker host. */
export interface StandingHost {
  readonly id: string;
  readonly name: string;
  /** Whether it has the bundle of the version that would execute the run. */
  readonly hasVersion: boolean;
  /** How many runs it executes or has been given. */
  readonly held: number;
}

/** What a run waits for. */
export interface StandingWait {
  readonly kind: "time" | "token" | "run" | "batch";
  readonly id: string;
  readonly since: Date;
  /** When it ends by itself: a time, or a token's timeout. */
  readonly dueAt: Date | null;
  /** Of a batch: how many of its items have ended, and how many it has. */
  readonly ended: number;
  readonly total: number;
}

/** A rate of a queue, and when it allows the next start. */
export interface RateUse extends RateLimitItem {
  /** 0: now. */
  readonly nextInMs: number;
}

/** A run that is to be attempted again, and that others stand behind. */
export interface StandingKeeper {
  readonly runId: string;
  /** When it is queued; null: it is. */
  readonly dueAt: Date | null;
  /** The version that it began with. */
  readonly versionLabel: string | null;
}

/** The figures behind the reason why a run is not executing. */
export interface RunStanding {
  readonly now: Date;
  readonly state: RunState;
  readonly attempt: number;
  readonly taskId: string;
  readonly queueName: string;
  readonly concurrencyKey: string;
  /** When a delayed run is queued. */
  readonly dueAt: Date | null;
  /** When the run expires unless it has started. */
  readonly expiresAt: Date | null;
  /** The version that the run is locked to or began with; null: the one that is current when it starts. */
  readonly versionLabel: string | null;
  readonly currentVersionLabel: string | null;
  /** The debounce key under which later triggers still put it off; null: none. */
  readonly debounceKey: string | null;
  readonly isEnvironmentPaused: boolean;
  readonly isQueuePaused: boolean;
  readonly environment: SlotUse;
  /** The queue, all concurrency keys together. */
  readonly combined: SlotUse;
  /** The queue, of the run's concurrency key. */
  readonly queue: SlotUse;
  /** How many runs of the run's concurrency key may start in a time; null: no such rate. */
  readonly rate: RateUse | null;
  /** The same for all keys of the queue together. */
  readonly combinedRate: RateUse | null;
  /** Whether the run keeps its place, so that others of its key wait for it. */
  readonly keepsPlace: boolean;
  /** The run that this one stands behind, where its queue executes one run of a key at a time; null: none. */
  readonly keeper: StandingKeeper | null;
  /** Of the runs that hold a slot of the queue under the run's key, the one that has executed for longest. */
  readonly oldest: { readonly runId: string; readonly since: Date; readonly hostName: string } | null;
  /** How many runs of the same queue and key stand before it, counted to a thousand. */
  readonly before: number;
  /** Where the run's process is; null when no host holds the run. */
  readonly host: { readonly name: string; readonly isLost: boolean } | null;
  readonly hosts: readonly StandingHost[];
  /** What a waiting run awaits and has not ended yet. */
  readonly waits: readonly StandingWait[];
}

/** What became of one invariant. */
export interface InvariantResult {
  readonly title: string;
  readonly holds: boolean;
  /** How many rows break it. */
  readonly count: number;
  /** The first of them. */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  readonly durationMs: number;
  /** Whether it took too long to be judged. */
  readonly isTimedOut: boolean;
}

/** Runs the invariants on a live system. */
export interface InvariantChecker {
  /** Rows that name another environment are left out. */
  check(environmentId: string): Promise<readonly InvariantResult[]>;
}
