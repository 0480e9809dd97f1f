import type { Delay } from "@pawl/contract/api/trigger";
import type { RunError } from "@pawl/contract/errors";
import type { PacketType } from "@pawl/contract/packet";
import type { RunOutcome } from "@pawl/contract/run-state";
import type { EndHookKind, RegisteredVersion, TaskManifest, VersionManifest } from "@pawl/contract/task-manifest";
import type { TelemetryRecord, WaitResult } from "@pawl/contract/worker-protocol";
import type { PlannedSchedule, RefusedDeclaration } from "./schedule-ports.ts";

// What the engine needs of the store. Ids are UUIDs here; their public form exists only in `api/`.

/** An environment of a project: the scope of every key, task and run. */
export interface Environment {
  readonly id: string;
  readonly slug: string;
  readonly type: "DEVELOPMENT" | "STAGING" | "PREVIEW" | "PRODUCTION";
  readonly projectId: string;
  readonly projectRef: string;
  readonly projectName: string;
}

/** A run about to be made. */
export interface NewRun {
  readonly environmentId: string;
  readonly id: string;
  readonly taskId: string;
  readonly payload: string | null;
  readonly payloadType: PacketType;
  /** Overrides the task's own number of attempts. */
  readonly maxAttempts: number | null;
  readonly tags: readonly string[];
  readonly isTest: boolean;
  readonly traceId: string;
  /** Makes the call safe to repeat: a second run with the same key is not made, the first is found. */
  readonly requestKey: string | null;
  readonly batchId: string | null;
  /** The run's place in its batch; null outside a batch. */
  readonly batchIndex: number | null;
  readonly triggerFunction: "trigger" | "triggerAndWait" | "batchTrigger" | "batchTriggerAndWait";
  /** Queued only then; null: now. A length counts from the database's now. */
  readonly delay: Delay | null;
  /** Seconds from when it is queued until it expires unless it has started; null: the task's; 0: never. */
  readonly ttlS: number | null;
  /** Null: the task's. A queue that does not exist is made. */
  readonly queueName: string | null;
  /** Empty for none. */
  readonly concurrencyKey: string;
  /** Seconds of head start. */
  readonly priorityS: number;
  readonly idempotency: NewIdempotencyKey | null;
  /** Null: the task's. */
  readonly maxDurationS: number | null;
  /** JSON text of an object. */
  readonly metadata: string | null;
  readonly machine: string | null;
  readonly region: string | null;
  /** The label of a version to execute with; null: the current one when it starts. */
  readonly lockToVersion: string | null;
  /** The run of whose code this is a child. */
  readonly parent: NewRunParent | null;
  readonly replayOf: string | null;
  /** The fire that it is made for: another run for the same is not made. */
  readonly fire: { readonly scheduleId: string; readonly at: Date } | null;
  /** Calls with the same key join into one delayed run of their task. */
  readonly debounce: NewDebounce | null;
  /** The bulk action that makes it. */
  readonly bulkActionId: string | null;
}

/** How triggers of one task with the same key join. */
export interface NewDebounce {
  readonly key: string;
  /** How long after the last of them the run is queued. */
  readonly delayMs: number;
  /** Whether the first of them says what is executed, or the last. */
  readonly mode: "leading" | "trailing";
  /** How long after the first of them the run is queued at the latest; null: the server's own bound. */
  readonly maxDelayMs: number | null;
}

/** The key under which a second run of the same task is not made. */
export interface NewIdempotencyKey {
  readonly key: string;
  readonly lifeS: number;
  /** As its caller wrote it. */
  readonly source: string | null;
  readonly scope: "run" | "attempt" | "global" | null;
}

/** The parent of a run about to be made. */
export interface NewRunParent {
  readonly runId: string;
  /** The claim that the parent's code executes under; null where a caller of the API names a parent. */
  readonly claim: { readonly hostId: string; readonly fence: number } | null;
  /** The key of the parent's wait for this run; null when it does not wait. The run is then locked to the parent's version. */
  readonly wait: string | null;
}

/** What became of a {@link NewRun}. */
export type TriggerOutcome =
  | { readonly kind: "created"; readonly runId: string }
  /** `isCached`: another call made it, by the same idempotency key; otherwise an earlier try of this same call did. */
  | { readonly kind: "found"; readonly runId: string; readonly isCached: boolean }
  | { readonly kind: "refused"; readonly reason: TriggerRefusal };

/** Why a run was not made. */
export type TriggerRefusal =
  | { readonly kind: "unknown_version"; readonly label: string }
  /** The parent has finished or does not exist. */
  | { readonly kind: "parent_finished" }
  /** The parent's claim is no longer its host's. */
  | { readonly kind: "lost_claim" };

/** How many runs to claim, for whom. */
export interface ClaimRequest {
  readonly environmentId: string;
  readonly hostId: string;
  /** The connection that the claim is for, from {@link HostStore.connect}; absent: whichever the host has. */
  readonly connection?: number;
  /** Versions whose bundle the host has. */
  readonly versionIds: readonly string[];
  /** Runs to claim and start at once, for processes that are ready. */
  readonly direct: number;
  /** Further runs to claim ahead. */
  readonly ahead: number;
  /** How many of those may be started at once, too, where nothing but the environment's limit holds any back; default: none. */
  readonly inAdvance?: number;
  /** Processes of the host: nothing is claimed ahead from a queue whose limit is not above it. */
  readonly processes: number;
  /** Whether waits may have ended or slots under a limit come free since the last claim: a hint where to look. */
  readonly isFreed?: boolean;
  /** Whether the host starts all of them by a later report: none is started by the claim. */
  readonly startsLater?: boolean;
}

/** A claimed run with all that its execution needs. */
export interface ClaimedRun {
  readonly runId: string;
  /** Whether the code of another run waits for it alone, as of its claim. */
  readonly isAwaited: boolean;
  readonly fence: number;
  readonly attempt: number;
  readonly isStarted: boolean;
  readonly taskId: string;
  readonly versionId: string;
  readonly queueName: string;
  readonly payload: string | null;
  /** Whether the payload is longer than {@link NewRun.payload} may be on the wire, and was left out. */
  readonly isPayloadStored: boolean;
  readonly payloadType: PacketType;
  readonly maxAttempts: number;
  readonly createdAt: Date;
  readonly isTest: boolean;
  readonly tags: readonly string[];
  readonly traceId: string;
  readonly concurrencyKey: string;
  /** The trigger's, or else the task's; null: no limit. */
  readonly maxDurationS: number | null;
  readonly isReplay: boolean;
  readonly parentRunId: string | null;
  readonly rootRunId: string | null;
  readonly batchId: string | null;
  readonly idempotencyKey: string | null;
  readonly idempotencyKeyScope: "run" | "attempt" | "global" | null;
  readonly priorityS: number;
  readonly machine: string | null;
  readonly metadata: string | null;
  /** Whether it follows a loss: its waits are found again. */
  readonly isRecovery: boolean;
  /** The hook of another run that it calls, in place of its task's code; null: it is an ordinary run. */
  readonly hook: CalledHook | null;
}

/** A hook that is called after the end of its run, and what it is told besides the run. */
export interface CalledHook {
  readonly kind: EndHookKind;
  readonly runId: string;
  /** The last one of that run; 0: it had none. */
  readonly attempt: number;
  readonly error: RunError;
  readonly startedAt: Date | null;
}

/** What a claim brought. */
export interface ClaimOutcome {
  readonly claimed: readonly ClaimedRun[];
  /** Runs of the host whose wait is over and that have their slot again. */
  readonly resumed: readonly ResumedRun[];
  /** Whether further lanes may have runs that can be claimed at once: the host's room was used up, or only some lanes were looked at. */
  readonly hasMore: boolean;
  /** Whether the environment's limit kept runs back. */
  readonly isEnvironmentFull: boolean;
  /** In how many milliseconds runs may start again that a rate kept back; null: none is. Absent where nobody looked. */
  readonly opensInMs?: number | null;
  /** How often the variables of the environment have been changed: what is claimed executes with those. Absent where nothing is. */
  readonly envVarsVersion?: number;
}

/** A run that goes on, with what its waits came to. */
export interface ResumedRun extends Claim {
  /** Results too long for one message are left out and fetched by their key. */
  readonly waits: readonly { readonly wait: string; readonly result?: WaitResult }[];
}

/** A claim: a run and the fencing number that proves whose it is. */
export interface Claim {
  readonly runId: string;
  readonly fence: number;
}

/** A run that ends well. */
export interface Completion extends Claim {
  readonly output: string | null;
  readonly outputType: PacketType;
  readonly durationMs: number;
}

/** A run whose attempt failed. */
export interface Failure extends Claim {
  readonly error: RunError;
  /** How the run ends if there is no further attempt. */
  readonly outcome: RunOutcome;
  /** The hook that its process has not called, if that is its end; absent: it has. */
  readonly uncalledHook?: EndHookKind | undefined;
  readonly durationMs: number;
  /** When the next attempt may come, in milliseconds; null: never. Whether attempts are left is judged by the store. */
  readonly retryDelayMs: number | null;
  /** Whether its host keeps the run for the next attempt: it goes on executing under the same claim, with the next number. */
  readonly isRetriedInPlace: boolean;
  /**
   * The number of the attempt that failed. The fence stays the same over a retry in place, so a report that is sent again after a
   * reconnect is told from the next failure by this.
   */
  readonly attempt?: number | undefined;
}

/** Everything that one report of a host changes, in one transaction. */
export interface Settlement {
  readonly environmentId: string;
  readonly hostId: string;
  readonly completed: readonly Completion[];
  readonly failed: readonly Failure[];
  readonly started: readonly Claim[];
  readonly returned: readonly Claim[];
  /** Runs that waited in a process that died: queued again, to be recovered. */
  readonly orphaned: readonly Claim[];
  /** The host's connection: runs of the host whose waits end by this go on at once where that can be. Absent: they are left to claims. */
  readonly resumesOn?: number;
}

/** What a settlement could not do, and what it made possible. */
export interface SettlementOutcome {
  /** Claims that were no longer the host's, or that the host hoped to keep for another attempt and are not. */
  readonly lost: readonly Claim[];
  /** Whether runs became queued by it. */
  readonly hasQueued: boolean;
  /** How soon the first run delayed by it is due, in milliseconds. */
  readonly nextDueInMs: number | null;
  /** Whether a slot under a limit came free, or a wait ended whose run has not gone on: hosts of any server may have something to do. */
  readonly hasFreed: boolean;
  /** Runs of the host that go on. Absent where {@link Settlement.resumesOn} was. */
  readonly resumed?: readonly ResumedRun[];
}

/** Runs, from their trigger to their end. */
export interface RunStore {
  /** Makes runs, in one transaction. Outcomes come in the order of the runs. */
  insert(runs: readonly NewRun[]): Promise<InsertOutcome>;
  /** Lets runs of a host go on whose wait is over, then claims queued runs for it, under the limits of environment and queues. */
  claim(request: ClaimRequest): Promise<ClaimOutcome>;
  /** Makes runs and claims for a host in one transaction, so that a run starts after a single commit. */
  insertAndClaim(
    runs: readonly NewRun[],
    request: ClaimRequest,
  ): Promise<InsertOutcome & { readonly claim: ClaimOutcome }>;
  /** Applies a host's report. */
  settle(settlement: Settlement): Promise<SettlementOutcome>;
  /** Takes back what the store says the host holds and the host does not; answers what the host holds wrongly. */
  reconcile(environmentId: string, hostId: string, held: readonly Claim[]): Promise<readonly Claim[]>;
  /**
   * Does what is due, at most a page of each: queues delayed runs, expires runs that were not started in time, ends waits for a
   * time and tokens nobody completed, aborts batches whose items do not come.
   */
  promoteDue(): Promise<DueOutcome>;
  /** Opens and looks again at every lane of every environment: nothing should have been forgotten. Answers environments where something was. */
  sweepLanes(): Promise<readonly string[]>;
  /** Queues runs that waited for a version with their task; answers whether there were any. */
  promotePending(environmentId: string): Promise<boolean>;
  /** Takes the runs of lost hosts and queues them again; answers their environments. */
  rescue(): Promise<{ readonly environmentIds: readonly string[]; readonly rescued: number }>;
  /**
   * Cancels runs: one that has no process ends at once, one that executes or waits in a process becomes `cancelling`. Runs that
   * have finished stay as they are.
   */
  cancel(environmentId: string, runIds: readonly string[], options?: CancelOptions): Promise<CancelOutcome>;
  /** Ends runs as canceled whose process did not end them in time. */
  endCancelling(environmentId: string, runIds: readonly string[]): Promise<void>;
  /** The unfinished children of runs, a page in the order of their ids. */
  liveChildren(
    environmentId: string,
    parentRunIds: readonly string[],
    afterId: string | null,
  ): Promise<readonly string[]>;
  /**
   * The children of runs that ended as canceled, a page in the order of their ids: a cancellation that is called again goes
   * through them to what an interrupted one left alive.
   */
  canceledChildren(
    environmentId: string,
    parentRunIds: readonly string[],
    afterId: string | null,
  ): Promise<readonly string[]>;
  /** What these hosts have to be told, and may not have heard. */
  hostOrders(environmentId: string, hostIds: readonly string[]): Promise<HostOrders>;
  /**
   * The runs of a host that go on after a wait, as far as the store knows, with what it came to: a host that lost its connection
   * may not have heard it.
   */
  resumedBefore(environmentId: string, hostId: string): Promise<readonly ResumedRun[]>;
  /** Gives a delayed run that has not started another time. */
  reschedule(environmentId: string, runId: string, delay: Delay): Promise<"rescheduled" | "not_delayed" | "not_found">;
  /** What a replay of a run starts from; null when it does not exist. */
  readForReplay(environmentId: string, runId: string): Promise<ReplaySource | null>;
  /** Frees a key; answers whether there was one. */
  resetIdempotencyKey(environmentId: string, taskId: string, key: string): Promise<boolean>;
}

/** What making runs came to. */
export interface InsertOutcome {
  readonly outcomes: readonly TriggerOutcome[];
  /** How soon the first of them is due or expires, in milliseconds. */
  readonly nextDueInMs: number | null;
}

/** What was due. */
export interface DueOutcome {
  /** Environments in which runs were queued, freed a slot or can go on. */
  readonly environmentIds: readonly string[];
  /** Claimed runs that expired: their hosts are to let go of them. */
  readonly recalled: readonly HeldClaim[];
  /** In how many milliseconds the next thing is due; 0 when a page was full. */
  readonly nextDueInMs: number | null;
}

/** A claim, and the host that has it. */
export interface HeldClaim extends Claim {
  readonly environmentId: string;
  readonly hostId: string;
}

/** How runs are cancelled. */
export interface CancelOptions {
  /** Whether `onCancel` is called for those that have no process, by a run of its own; default: yes. */
  readonly runsHooks?: boolean;
}

/** What a cancellation did. */
export interface CancelOutcome {
  /** Ended at once. */
  readonly finished: readonly string[];
  /** Asked to end; their hosts have to be told. */
  readonly cancelling: readonly HeldClaim[];
  /** Claimed ahead and ended at once; their hosts have to let go of them. */
  readonly recalled: readonly HeldClaim[];
  /** Finished before. */
  readonly already: readonly string[];
  /** Those of them that ended as canceled: what an interrupted cancellation left of their children may be alive. */
  readonly canceledBefore: readonly string[];
  /** Whether hooks of runs that ended at once are to be called: runs for them are to be made. */
  readonly hasHooks: boolean;
  readonly notFound: readonly string[];
}

/** What hosts are to do with runs that they hold. */
export interface HostOrders {
  /** Runs in `cancelling`: to be ended. */
  readonly cancelling: readonly HeldClaim[];
  /** Runs that are claimed and not started, and whose queue or environment is paused: to be given back. */
  readonly recalled: readonly HeldClaim[];
}

/** What a replay starts from. */
export type ReplaySource = Omit<NewRun, "id" | "traceId" | "environmentId" | "requestKey" | "batchId" | "batchIndex">;

/** The version that new runs execute. */
export interface CurrentVersion {
  readonly label: string;
  readonly tasks: readonly Pick<TaskManifest, "id" | "filePath">[];
}

/** What a registration came to. */
export type RegisterOutcome =
  | { readonly kind: "registered"; readonly version: RegisteredVersion }
  /** Nothing was changed. */
  | { readonly kind: "refused"; readonly refused: readonly RefusedDeclaration[] };

/** Versions and their tasks. */
export interface VersionStore {
  /** Makes a version current; the same content hash gives the same version. */
  register(
    environmentId: string,
    manifest: VersionManifest,
    /** What it declares for the environment; what an earlier one declared and this does not is removed. */
    schedules?: readonly PlannedSchedule[],
  ): Promise<RegisteredVersion>;
  /** The version that new runs execute, with its tasks in the order of their ids; null before the first one. */
  current(environmentId: string): Promise<CurrentVersion | null>;
}

/** Logs and spans. */
export interface TelemetryStore {
  append(environmentId: string, records: readonly TelemetryRecord[]): Promise<void>;
  read(environmentId: string, runId: string): Promise<readonly TelemetryRecord[]>;
}
