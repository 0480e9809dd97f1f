import { type PublicRunError, publicRunError, type RunError } from "@pawl/contract/errors";
import { type PacketType, readPacket } from "@pawl/contract/packet";
import { type PublicStatus, type StatusFlags, statusFlags } from "@pawl/contract/run-state";
import type { AnyTask, TaskIdentifier, TaskOutput, TaskPayload } from "../tasks/task-types.ts";
import type { LiveRow } from "./live-rows.ts";

/** What a live reader can do without. */
export type SkippableColumn =
  | "payload"
  | "output"
  | "metadata"
  | "error"
  | "runTags"
  | "startedAt"
  | "delayUntil"
  | "queuedAt"
  | "expiredAt"
  | "completedAt"
  | "ttl"
  | "isTest"
  | "usageDurationMs"
  | "costInCents"
  | "baseCostInCents";

/** A run as live readers get it, each time that anything of it has changed. What `skipColumns` leaves out is absent. */
export interface LiveRun<TInput = unknown, TOutput = unknown, TId extends string = string> extends StatusFlags {
  /** `run_…` */
  readonly id: string;
  readonly taskIdentifier: TId;
  readonly status: PublicStatus;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly startedAt?: Date;
  readonly finishedAt?: Date;
  readonly delayedUntil?: Date;
  readonly queuedAt?: Date;
  readonly expiredAt?: Date;
  /** As it was given: dates, maps and sets are what they were. */
  readonly payload?: TInput;
  /** Present once the run has succeeded, unless its output is `undefined`. */
  readonly output?: TOutput;
  /** Present once the run has failed. */
  readonly error?: PublicRunError;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly tags: readonly string[];
  /** The streams that it gives, in the order in which they were made. */
  readonly realtimeStreams: readonly string[];
  /** The hash of the key that the run was made with. */
  readonly idempotencyKey?: string;
  readonly ttl?: string;
  readonly isTest: boolean;
  /** How long its attempts have executed in all, in milliseconds. */
  readonly durationMs: number;
  readonly costInCents: number;
  readonly baseCostInCents: number;
}

/** A run of a task; of several, `taskIdentifier` says which. */
export type LiveRunOf<TTask extends AnyTask> = TTask extends AnyTask
  ? LiveRun<TaskPayload<TTask>, TaskOutput<TTask>, TaskIdentifier<TTask>>
  : never;

/** Rows name some statuses otherwise than the rest of the API. */
const statusOfRow: Readonly<Record<string, PublicStatus>> = {
  PENDING: "QUEUED",
  WAITING_FOR_DEPLOY: "PENDING_VERSION",
  RETRYING_AFTER_FAILURE: "EXECUTING",
  WAITING_TO_RESUME: "WAITING",
  PAUSED: "WAITING",
  COMPLETED_SUCCESSFULLY: "COMPLETED",
  COMPLETED_WITH_ERRORS: "FAILED",
  INTERRUPTED: "FAILED",
};

/**
 * Reads a run out of a row.
 *
 * @param row - as the server sends it
 * @returns the run, with dates, values and the statuses of the API
 * @example
 * ```ts
 * liveRun({ friendlyId: "run_1", status: "COMPLETED_SUCCESSFULLY", output: "hi", outputType: "text/plain" }).output; // "hi"
 * ```
 */
export function liveRun(row: LiveRow): LiveRun {
  const status = statusOfRow[row.status] ?? (row.status as PublicStatus); // the rest are the same names
  const run = {
    id: row.friendlyId,
    taskIdentifier: row.taskIdentifier,
    status,
    ...statusFlags(status),
    createdAt: dateIn(row.createdAt),
    updatedAt: dateIn(row.updatedAt),
    startedAt: dateIn(row.startedAt),
    finishedAt: dateIn(row.completedAt),
    delayedUntil: dateIn(row.delayUntil),
    queuedAt: dateIn(row.queuedAt),
    expiredAt: dateIn(row.expiredAt),
    payload: packetValue(row.payload, row.payloadType),
    output: packetValue(row.output, row.outputType),
    error: errorIn(row.error),
    metadata: packetValue(row.metadata, row.metadataType),
    tags: row.runTags ?? [],
    realtimeStreams: row.realtimeStreams ?? [],
    idempotencyKey: row.idempotencyKey ?? undefined,
    ttl: row.ttl ?? undefined,
    isTest: row.isTest ?? false,
    durationMs: row.usageDurationMs ?? 0,
    costInCents: row.costInCents ?? 0,
    baseCostInCents: row.baseCostInCents ?? 0,
  };
  // The server sends what the protocol says; a field that is undefined is as one that is absent.
  return Object.fromEntries(Object.entries(run).filter(([, value]) => value !== undefined)) as unknown as LiveRun;
}

/** Times come without their zone, which is UTC. */
function dateIn(text: unknown): Date | undefined {
  if (typeof text !== "string") return undefined;
  return new Date(text.endsWith("Z") ? text : `${text}Z`);
}

/** A packet that is not what its type says is shown as the text it is. */
function packetValue(text: unknown, type: unknown): unknown {
  if (typeof text !== "string") return undefined;
  try {
    return readPacket({ text, type: (type ?? "application/json") as PacketType }); // of another type: undefined
  } catch {
    return text;
  }
}

function errorIn(value: unknown): PublicRunError | undefined {
  const error = value as RunError | null | undefined; // what the server has stored
  return error === null || error === undefined ? undefined : publicRunError(error);
}
