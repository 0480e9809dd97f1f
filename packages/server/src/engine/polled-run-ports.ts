import type { PacketType } from "@pawl/contract/packet";
import type { RetryPolicy } from "@pawl/contract/retry";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";
import type { Claim } from "./ports.ts";

// What is read for workers that ask for runs, and poll how those stand.

/** How a run stands, for the worker that executes it. */
export interface PolledRun {
  readonly runId: string;
  /** Null: it has finished. */
  readonly state: RunState | null;
  readonly outcome: RunOutcome | null;
  readonly hostId: string | null;
  readonly fence: number;
  readonly attempt: number;
  /** How many waits this attempt has opened, and how many of them are over. */
  readonly waitsOpened: number;
  readonly waitsOver: number;
}

/** A run that was claimed and not started. */
export interface OfferedRun extends Claim {
  /** The number of the attempt that it is claimed for. */
  readonly attempt: number;
  readonly versionId: string;
  readonly versionLabel: string;
  readonly isTest: boolean;
  readonly isReplay: boolean;
  readonly machine: string | null;
  readonly traceId: string;
}

/** All that the execution of a run needs and its context shows. */
export interface RunExecution {
  readonly runId: string;
  readonly attempt: number;
  readonly attemptStartedAt: Date;
  readonly payload: string | null;
  readonly payloadType: PacketType;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly startedAt: Date;
  readonly isTest: boolean;
  readonly isReplay: boolean;
  readonly versionId: string;
  readonly versionLabel: string;
  /** JSON text of an object. */
  readonly metadata: string | null;
  readonly maxAttempts: number;
  readonly maxDurationS: number | null;
  readonly idempotencyKey: string | null;
  readonly idempotencyKeyScope: string | null;
  readonly priorityS: number;
  readonly parentRunId: string | null;
  readonly rootRunId: string | null;
  readonly batchId: string | null;
  readonly traceId: string;
  readonly taskId: string;
  readonly filePath: string;
  readonly exportName: string | null;
  readonly queueId: string;
  readonly queueName: string;
  readonly machine: string | null;
  readonly concurrencyKey: string;
  readonly project: { readonly id: string; readonly ref: string; readonly name: string };
}

/** A wait of a run that it awaits and that is over. */
export interface WaitOver {
  /** Its key within the run. */
  readonly key: string;
  readonly waitpointId: string;
  readonly completedAt: Date;
  /** Of a wait for a time: when it was to end. */
  readonly dueAt: Date | null;
  readonly idempotencyKey: string | null;
}

/** Runs as workers that poll see them. */
export interface PolledRunReader {
  /** Null: there is no such run. */
  standing(environmentId: string, runId: string): Promise<PolledRun | null>;
  /** The runs among these that are claimed and not started. */
  offers(environmentId: string, claims: readonly Claim[]): Promise<readonly OfferedRun[]>;
  /** Null when the run does not execute under the claim. */
  execution(environmentId: string, claim: Claim): Promise<RunExecution | null>;
  /** How the task of a run is attempted again, by the version that executes it; null when it is not known. */
  retryPolicy(environmentId: string, runId: string): Promise<RetryPolicy | null>;
  waitsOver(environmentId: string, runId: string): Promise<readonly WaitOver[]>;
  /** The versions that a host is known to have; none when it is not known. */
  versionIds(hostId: string): Promise<readonly string[]>;
  /** The runs that a host holds. */
  held(environmentId: string, hostId: string): Promise<readonly HeldRun[]>;
}

/** A run that a host holds. */
export interface HeldRun extends Claim {
  readonly state: RunState;
  /** For how long it has been claimed without being started, in milliseconds; null: it was started. */
  readonly offeredForMs: number | null;
}
