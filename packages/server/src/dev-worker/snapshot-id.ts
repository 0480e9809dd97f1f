import type { PolledRun } from "../engine/polled-run-ports.ts";

/**
 * A snapshot is how a run stands, under an id that changes whenever a worker has to know. It is not stored: its id says the
 * claim's fence and the attempt, by which a call that names it is checked, and what else may change under them.
 */
export interface SnapshotRef {
  readonly fence: number;
  readonly attempt: number;
}

const pattern = /^snapshot_(\d{1,10})_(\d{1,5})_[a-z0-9_]{1,24}$/;

/**
 * The id of the snapshot of a run that was claimed for an attempt and not started.
 *
 * @param offered - the claim's fence, and the attempt
 * @returns the id
 */
export function offeredSnapshotId({ fence, attempt }: SnapshotRef): string {
  return `snapshot_${fence}_${attempt}_offered`;
}

/**
 * The id of the snapshot of a run as it stands.
 *
 * @param run - the run
 * @param standing - the part of its standing that the worker knows
 * @returns the id; the same as long as the worker has nothing to do
 */
export function snapshotIdOf(run: PolledRun, standing: SnapshotStanding): string {
  const base = `snapshot_${run.fence}_${run.attempt}`;
  // A wait is known by its number. What goes on after it has another id, also where the wait was over before it began.
  if (standing === "waiting") return `${base}_waiting_${run.waitsOpened}`;
  if (standing === "executing") return `${base}_executing_${run.waitsOpened}_${run.waitsOver}`;
  return `${base}_${standing}`;
}

/** How a run stands in the eyes of the worker that executes it; `gone`: it has nothing to do with it any more. */
export type SnapshotStanding = "executing" | "waiting" | "cancelling" | "gone";

/**
 * Reads the claim that a snapshot stands for.
 *
 * @param id - the id as a worker names it
 * @returns the fence and the attempt; null for a text that is no such id
 */
export function readSnapshotId(id: string): SnapshotRef | null {
  const match = pattern.exec(id);
  if (match === null) return null;
  const [fence, attempt] = [Number(match[1]), Number(match[2])];
  return fence > 2_147_483_647 ? null : { fence, attempt };
}
