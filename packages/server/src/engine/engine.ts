import type { Delay } from "@pawl/contract/api/trigger";
import type { VersionManifest } from "@pawl/contract/task-manifest";
import type { BatchOutcome, FailedBatchItem, NewBatch } from "./batch-ports.ts";
import type { NewBulkAction } from "./bulk-ports.ts";
import type { HostLink, HostSession } from "./host-link.ts";
import type { Notice } from "./notice-ports.ts";
import type { Environment, NewRun, RegisterOutcome, ReplaySource, TriggerOutcome } from "./ports.ts";
import type { RateOverride } from "./queue-ports.ts";
import type { RemoveScheduleOutcome, ScheduleOutcome, ScheduleRule } from "./schedule-ports.ts";
import type { AppendOutcome, InputWait, InputWaitOutcome, StreamAppend, StreamRef } from "./stream-ports.ts";
import type { NewToken } from "./wait-ports.ts";

export type { BatchOutcome, FailedBatchItem };

/** A run to trigger: what it is, and what differs from a run with no options, outside of any batch and parent. */
export type TriggerRequest = Pick<NewRun, "environmentId" | "taskId" | "payload" | "payloadType"> & Partial<NewRun>;

/** A batch to make; the engine gives it its id. */
export type BatchRequest = Omit<NewBatch, "id">;

/** The verbs that callers outside of the engine use. Ids are UUIDs. */
export interface Engine {
  /** Makes a run; calls that arrive together share one transaction. Resolves when the run is durable. */
  trigger(request: TriggerRequest): Promise<TriggerOutcome>;
  /** Makes runs in one transaction; outcomes come in their order. */
  triggerMany(requests: readonly TriggerRequest[]): Promise<readonly TriggerOutcome[]>;
  /** Makes an empty batch, whose items follow; an equal request key or idempotency key finds the same batch. */
  createBatch(request: BatchRequest): Promise<BatchOutcome>;
  /** Notes items of a batch that can't be triggered, in place of their runs; an item that is there already stays. */
  failBatchItems(environmentId: string, batchId: string, items: readonly FailedBatchItem[]): Promise<void>;
  /** All items have come: a parent that waits for the batch goes on once its runs have ended. */
  sealBatch(environmentId: string, batchId: string): Promise<void>;
  /** Ends a run and the runs that it has made. */
  cancel(environmentId: string, runId: string): Promise<"cancelled" | "already_finished" | "not_found">;
  /** Makes a new run of another's payload and options, with these in place of its own. */
  replay(
    environmentId: string,
    runId: string,
    overrides: Partial<ReplaySource>,
  ): Promise<TriggerOutcome | { readonly kind: "not_found" }>;
  /** Gives a delayed run that has not started another time. */
  reschedule(environmentId: string, runId: string, delay: Delay): Promise<"rescheduled" | "not_delayed" | "not_found">;
  /** Frees a key; answers whether there was one. */
  resetIdempotencyKey(environmentId: string, taskId: string, key: string): Promise<boolean>;
  /** Makes a bulk action, which begins at once; answers its id. */
  createBulkAction(action: Omit<NewBulkAction, "id">): Promise<string>;
  /** Ends a bulk action within a page; what it has done stays. Answers whether there is one. */
  abortBulkAction(environmentId: string, id: string): Promise<boolean>;
  createToken(token: NewToken): Promise<{ readonly id: string; readonly isCached: boolean }>;
  /** Completes a token; who waits for it goes on. */
  completeToken(
    environmentId: string,
    id: string,
    output: { readonly text: string | null; readonly type: string },
  ): Promise<"completed" | "already_completed" | "not_found">;
  /** Adds chunks to a stream; calls that arrive together share a transaction. Resolves when they are durable. */
  appendToStream(append: StreamAppend): Promise<AppendOutcome>;
  /** Makes a stream without chunks, or finds it. */
  createStream(ref: StreamRef): Promise<"made" | "run_over" | "too_many_streams">;
  /** Makes a token that the record of a number completes, at once if it is there. */
  createInputWait(wait: InputWait): Promise<InputWaitOutcome>;
  /** The queue verbs answer false when there is no such queue. */
  setQueuePaused(environmentId: string, name: string, isPaused: boolean): Promise<boolean>;
  /** Null: back to the limit that is declared. */
  overrideQueueLimit(environmentId: string, name: string, limit: number | null): Promise<boolean>;
  /** Null: back to the rates that are declared. */
  overrideQueueRates(environmentId: string, name: string, rates: RateOverride | null): Promise<boolean>;
  setEnvironmentPaused(environmentId: string, isPaused: boolean): Promise<void>;
  setEnvironmentLimit(environmentId: string, limit: number): Promise<void>;
  /**
   * Makes a version current, with the schedules that it declares, and queues the runs that waited for its tasks. The id is a UUID.
   */
  registerVersion(environment: Environment, manifest: VersionManifest): Promise<RegisterOutcome>;
  /** Makes a schedule, or changes the one with the same key. */
  createSchedule(
    environmentId: string,
    schedule: ScheduleRule & { readonly deduplicationKey: string },
  ): Promise<ScheduleOutcome>;
  /** Changes a schedule that a call has made; its next fire stays when expression and zone do. */
  updateSchedule(environmentId: string, id: string, rule: ScheduleRule): Promise<ScheduleOutcome>;
  /** Lets a schedule fire or keeps it from firing. What is missed meanwhile is not made up for. */
  setScheduleActive(environmentId: string, id: string, isActive: boolean): Promise<ScheduleOutcome>;
  /** Removes a schedule that a call has made. Its runs stay. */
  removeSchedule(environmentId: string, id: string): Promise<RemoveScheduleOutcome>;
  /** The variables of an environment were changed: its hosts prepare processes with them. */
  envVarsChanged(environmentId: string): void;
  /** How many runs each host that is connected to this server could start at once, by its id. */
  freeProcesses(environmentId: string): ReadonlyMap<string, number>;
  /** Takes a new connection of a worker host. */
  openHost(link: HostLink): HostSession;
  /** Another server left something to do for the hosts of this one; without a notice: anything. */
  wake(environmentId: string, notice?: Notice): void;
  start(): Promise<void>;
  /** Stops claiming and timers, and lets what is in flight commit. Safe twice. */
  stop(): Promise<void>;
}
