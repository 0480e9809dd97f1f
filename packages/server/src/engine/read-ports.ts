import type { RunError } from "@pawl/contract/errors";
import type { PacketType } from "@pawl/contract/packet";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";

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
  readonly isTest: boolean;
  readonly tags: readonly string[];
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly finishedAt: Date | null;
  readonly dueAt: Date | null;
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
  readonly failedAttempts: readonly FailedAttempt[];
  readonly payload: string | null;
  readonly payloadType: PacketType;
  readonly output: string | null;
  readonly outputType: PacketType | null;
  readonly error: RunError | null;
}

/** Which runs a list shows. */
export interface RunListFilter {
  readonly taskIds: readonly string[] | null;
  /** Null: any standing. */
  readonly standing: {
    readonly states: readonly { readonly state: RunState; readonly isBetweenAttempts: boolean | null }[];
    readonly outcomes: readonly RunOutcome[];
  } | null;
  readonly from: Date | null;
  readonly to: Date | null;
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

/** The figures behind the reason why a run is not executing. */
export interface RunStanding {
  readonly state: RunState;
  readonly taskId: string;
  readonly queueName: string;
  readonly hasTask: boolean;
  readonly isQueuePaused: boolean;
  readonly queueLimit: number | null;
  readonly queueHeld: number;
  readonly environmentLimit: number;
  readonly environmentHeld: number;
  readonly isEnvironmentPaused: boolean;
  readonly connectedHosts: number;
  /** The version that the run began with; null before its first attempt. */
  readonly versionLabel: string | null;
  /** Whether a connected host has the bundle of the version that would execute the run. */
  readonly hasHostWithVersion: boolean;
  readonly dueAt: Date | null;
}

/** Reading runs for the API. */
export interface RunReader {
  retrieve(environmentId: string, runId: string): Promise<RunRecordWithPackets | null>;
  list(environmentId: string, filter: RunListFilter): Promise<RunPage>;
  /** Null when the run has finished or does not exist. */
  standing(environmentId: string, runId: string): Promise<RunStanding | null>;
}
