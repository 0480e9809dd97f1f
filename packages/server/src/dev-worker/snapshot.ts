import { toPublicId } from "@pawl/contract/ids";
import { type PublicStatus, publicStatus } from "@pawl/contract/run-state";
import type { PolledRun } from "../engine/polled-run-ports.ts";
import { type SnapshotStanding, snapshotIdOf } from "./snapshot-id.ts";

/** A snapshot as workers read it. */
export interface SnapshotView {
  readonly id: string;
  readonly friendlyId: string;
  readonly executionStatus: ExecutionStatus;
  readonly description: string;
  readonly createdAt: string;
}

type ExecutionStatus = "PENDING_EXECUTING" | "EXECUTING" | "EXECUTING_WITH_WAITPOINTS" | "PENDING_CANCEL" | "FINISHED";

/** A run as workers read it beside its snapshot. */
export interface SnapshotRun {
  readonly id: string;
  readonly friendlyId: string;
  readonly status: string;
  readonly attemptNumber: number;
}

const words: Readonly<Record<SnapshotStanding, { readonly status: ExecutionStatus; readonly description: string }>> = {
  executing: { status: "EXECUTING", description: "The run executes" },
  waiting: { status: "EXECUTING_WITH_WAITPOINTS", description: "The run waits and holds no slot" },
  cancelling: { status: "PENDING_CANCEL", description: "The run was cancelled and is to end" },
  gone: { status: "FINISHED", description: "The run has ended here" },
};

/**
 * How a run stands in the eyes of the worker that polls it.
 *
 * @param run - the run
 * @param hostId - the host that its worker belongs to
 * @returns `gone` also for a run that others hold or that is queued: the process that had it is to stop
 */
export function standingOf(run: PolledRun, hostId: string): SnapshotStanding {
  if (run.hostId !== hostId) return "gone";
  switch (run.state) {
    case "executing":
      return "executing";
    case "waiting":
    case "resuming":
      return "waiting";
    case "cancelling":
      return "cancelling";
    default: // an offer that nobody has taken yet: who asks had an earlier claim
      return "gone";
  }
}

/**
 * The snapshot of a run as it stands.
 *
 * @param run - the run
 * @param standing - see {@link standingOf}
 * @returns the snapshot
 */
export function snapshotOf(run: PolledRun, standing: SnapshotStanding): SnapshotView {
  const { status, description } = words[standing];
  return snapshotView(snapshotIdOf(run, standing), status, description);
}

/**
 * A snapshot with this id, made now.
 *
 * @param id - the id
 * @param executionStatus - what the worker acts on
 * @param description - for people
 * @returns the snapshot
 */
export function snapshotView(id: string, executionStatus: ExecutionStatus, description: string): SnapshotView {
  return { id, friendlyId: id, executionStatus, description, createdAt: new Date().toISOString() };
}

/** The names that statuses have here, where they differ from those of other answers. */
const statusNames: Partial<Record<PublicStatus, string>> = {
  QUEUED: "PENDING",
  WAITING: "WAITING_TO_RESUME",
  COMPLETED: "COMPLETED_SUCCESSFULLY",
  FAILED: "COMPLETED_WITH_ERRORS",
};

/**
 * A run as it stands.
 *
 * @param run - the run
 * @param attemptNumber - the attempt that its worker knows; default: its last one
 * @returns the run for the worker
 */
export function snapshotRun(run: PolledRun, attemptNumber: number = run.attempt): SnapshotRun {
  const { state, outcome, attempt } = run;
  const status = publicStatus(
    outcome === null ? { state: state ?? "queued", outcome, attempt } : { state: null, outcome, attempt },
  );
  const id = toPublicId("run", run.runId);
  return { id, friendlyId: id, status: statusNames[status] ?? status, attemptNumber };
}
