import type { RunError } from "@pawl/contract/errors";
import type { PacketType } from "@pawl/contract/packet";
import type { RunOutcome, RunState } from "@pawl/contract/run-state";
import type { RegisteredVersion, TaskManifest, VersionManifest } from "@pawl/contract/task-manifest";
import type { TelemetryRecord } from "@pawl/contract/worker-protocol";

// What the engine needs of the store. Ids are UUIDs here; their public form exists only in `api/`.

/** An environment of a project: the scope of every key, task and run. */
export interface Environment {
  readonly id: string;
  readonly slug: string;
  readonly type: "DEVELOPMENT" | "STAGING" | "PREVIEW" | "PRODUCTION";
  readonly projectRef: string;
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
}

/** What became of a {@link NewRun}. */
export type TriggerOutcome =
  | { readonly kind: "created"; readonly runId: string }
  | { readonly kind: "found"; readonly runId: string };

/** How many runs to claim, for whom. */
export interface ClaimRequest {
  readonly environmentId: string;
  readonly hostId: string;
  /** Versions whose bundle the host has. */
  readonly versionIds: readonly string[];
  /** Runs to claim and start at once, for processes that are ready. */
  readonly direct: number;
  /** Further runs to claim ahead. */
  readonly ahead: number;
  /** Processes of the host: nothing is claimed ahead from a queue whose limit is not above it. */
  readonly processes: number;
}

/** A claimed run with all that its execution needs. */
export interface ClaimedRun {
  readonly runId: string;
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
  readonly durationMs: number;
  /** When the next attempt may come, in milliseconds; null: never. Whether attempts are left is judged by the store. */
  readonly retryDelayMs: number | null;
}

/** Everything that one report of a host changes, in one transaction. */
export interface Settlement {
  readonly environmentId: string;
  readonly hostId: string;
  readonly completed: readonly Completion[];
  readonly failed: readonly Failure[];
  readonly started: readonly Claim[];
  readonly returned: readonly Claim[];
}

/** What a settlement could not do, and what it made possible. */
export interface SettlementOutcome {
  /** Claims that were no longer the host's; nothing was changed for them. */
  readonly lost: readonly Claim[];
  /** Whether runs became queued by it. */
  readonly hasQueued: boolean;
  /** How soon the first run delayed by it is due, in milliseconds. */
  readonly nextDueInMs: number | null;
}

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

/** Runs, from their trigger to their end. */
export interface RunStore {
  /** Makes runs, in one transaction. Outcomes come in the order of the runs. */
  insert(runs: readonly NewRun[]): Promise<readonly TriggerOutcome[]>;
  /** Claims queued runs for a host under the limits of environment and queues. */
  claim(request: ClaimRequest): Promise<readonly ClaimedRun[]>;
  /** Whether any run of an environment is queued, claimable or not. */
  hasQueued(environmentId: string): Promise<boolean>;
  /** Makes runs and claims for a host in one transaction, so that a run starts after a single commit. */
  insertAndClaim(
    runs: readonly NewRun[],
    request: ClaimRequest,
  ): Promise<{ readonly outcomes: readonly TriggerOutcome[]; readonly claimed: readonly ClaimedRun[] }>;
  /** Applies a host's report. */
  settle(settlement: Settlement): Promise<SettlementOutcome>;
  /** Takes back what the store says the host holds and the host does not; answers what the host holds wrongly. */
  reconcile(environmentId: string, hostId: string, held: readonly Claim[]): Promise<readonly Claim[]>;
  /** Queues delayed runs whose time has come; answers their environments, and how soon the next is due. */
  promoteDue(): Promise<{ readonly environmentIds: readonly string[]; readonly nextDueInMs: number | null }>;
  /** Queues runs that waited for a version with their task; answers whether there were any. */
  promotePending(environmentId: string): Promise<boolean>;
  /** Takes the runs of lost hosts and queues them again; answers their environments. */
  rescue(): Promise<{ readonly environmentIds: readonly string[]; readonly rescued: number }>;
}

/** Reading runs for the API. */
export interface RunReader {
  retrieve(environmentId: string, runId: string): Promise<RunRecordWithPackets | null>;
  list(environmentId: string, filter: RunListFilter): Promise<RunPage>;
  /** Null when the run has finished or does not exist. */
  standing(environmentId: string, runId: string): Promise<RunStanding | null>;
}

/** Batches in two phases. */
export interface BatchStore {
  /** Makes a batch; the same request key gives the same batch. */
  create(batch: {
    readonly environmentId: string;
    readonly id: string;
    readonly runCount: number;
    readonly requestKey: string | null;
  }): Promise<{ readonly id: string; readonly isFound: boolean }>;
  /** Null when there is no such batch. */
  find(
    environmentId: string,
    batchId: string,
  ): Promise<{ readonly runCount: number; readonly indexes: ReadonlySet<number> } | null>;
  seal(environmentId: string, batchId: string): Promise<void>;
}

/** Worker hosts and their leases. */
export interface HostStore {
  /** Makes a host or renews its lease. */
  connect(host: {
    readonly id: string;
    readonly environmentId: string;
    readonly name: string;
    /** Versions whose bundle the host has. */
    readonly versionIds: readonly string[];
    readonly leaseMs: number;
  }): Promise<void>;
  /** The host has bundles of other versions now. */
  announce(hostId: string, versionIds: readonly string[]): Promise<void>;
  /**
   * Renews the leases of hosts that gave a sign of life; answers which of them are taken for lost already, and how soon the
   * first of the other leases ends, if any.
   */
  renew(
    hostIds: readonly string[],
    leaseMs: number,
  ): Promise<{ readonly lostIds: readonly string[]; readonly nextLossInMs: number | null }>;
  /** Shortens the lease of a host whose connection closed. */
  shorten(hostId: string, leaseMs: number): Promise<void>;
}

/** The version that new runs execute. */
export interface CurrentVersion {
  readonly label: string;
  readonly tasks: readonly Pick<TaskManifest, "id" | "filePath">[];
}

/** Versions and their tasks. */
export interface VersionStore {
  /** Makes a version current; the same content hash gives the same version. */
  register(environmentId: string, manifest: VersionManifest): Promise<RegisteredVersion>;
  /** The version that new runs execute, with its tasks in the order of their ids; null before the first one. */
  current(environmentId: string): Promise<CurrentVersion | null>;
}

/** Environments and their keys. */
export interface EnvironmentStore {
  /** Null when no such key is valid. */
  findByKey(key: string): Promise<Environment | null>;
}

/** Logs and spans. */
export interface TelemetryStore {
  append(environmentId: string, records: readonly TelemetryRecord[]): Promise<void>;
  read(environmentId: string, runId: string): Promise<readonly TelemetryRecord[]>;
}

/** Tells other servers over the same store that an environment has something to claim. */
export interface Notifier {
  /** Coalesced; never rejects. */
  notify(environmentId: string): void;
}
