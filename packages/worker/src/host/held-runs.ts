import type { AssignedRun, Held } from "@pawl/contract/worker-protocol";
import type { EndedWait } from "../channel/messages.ts";
import type { RunProcess } from "./run-process.ts";

/**
 * A run that the server gave to this host.
 *
 * ```
 *   pushed as started ─────────────────────────────▶ waiting ─▶ executing ◀─its process has room─ resuming
 *   pushed ahead ─▶ ahead ─reported─▶ starting ─ack─▶ ▲          │    └─its code awaits─▶ parked ──▲ the server says
 *                              retrying ─ack, delay───┘ ◀failed──┘                                   that a wait is over
 * ```
 *
 * `fetching` comes before `waiting` or `ahead` when the payload has to be fetched first. `waiting` is for a process; what a run
 * awaits in its code it awaits `parked`, inside its process, which can take other runs meanwhile. `retrying` is a failed run
 * whose next attempt begins so soon that it stays here: a run of its own, with the number of that attempt. A run ends, and
 * leaves, from any stage.
 */
export interface HeldRun {
  /** A long payload is let go of when the run parks: its process has read it. */
  run: AssignedRun;
  stage: "fetching" | "ahead" | "starting" | "waiting" | "executing" | "parked" | "resuming" | "retrying";
  /** When the host received it, or when its next attempt became due, on the monotonic clock. */
  sinceMs: number;
  /** Where it executes or is parked. */
  process: RunProcess | null;
  /** For how long it executed until it last parked, in milliseconds. */
  executedMs: number;
  /** While it is resuming, since when; while it executes beside another run, since when; on the monotonic clock. */
  resumedAtMs: number;
  /** Waits of it that are over and that its code has not been told of. */
  endedWaits: EndedWait[];
  /** Whether its payload was let go of, so that a next attempt can't begin here. */
  isPayloadGone: boolean;
  /** Whether its process takes no other run while this one is parked in it. */
  keepsProcess: boolean;
  /** Set once it executes for longer than its task's limit: the limit in milliseconds, and when this was seen. */
  exceeded: { readonly limitMs: number; readonly atMs: number } | null;
  /** When somebody cancelled it; null: nobody has. */
  cancelledAtMs: number | null;
  /** As the code of the attempt that has failed left it; null: as the run came. */
  metadata: string | null;
}

/** The runs of one version that do not execute yet, oldest first. */
export interface VersionQueue {
  /** Claimed, and their start not reported. */
  ahead: HeldRun[];
  /** Started, and without a process. */
  waiting: HeldRun[];
  /** How many wait for the ack of their start. */
  startingCount: number;
}

/** How long a run may lie here while no process becomes free, in milliseconds. */
export const patienceMs = 50;

/** All runs that the host holds. */
export class HeldRuns {
  readonly #byClaim = new Map<string, HeldRun>();
  readonly #queues = new Map<string, VersionQueue>();

  get size(): number {
    return this.#byClaim.size;
  }

  /** Takes a run in; null when the same claim is held already. */
  add(run: AssignedRun, stage: HeldRun["stage"], nowMs: number): HeldRun | null {
    const key = claimKey(run);
    if (this.#byClaim.has(key)) return null;
    const held: HeldRun = {
      run,
      stage,
      sinceMs: nowMs,
      process: null,
      executedMs: 0,
      resumedAtMs: 0,
      endedWaits: [],
      isPayloadGone: false,
      keepsProcess: false,
      exceeded: null,
      cancelledAtMs: null,
      metadata: null,
    };
    this.#byClaim.set(key, held);
    return held;
  }

  find(claim: Held): HeldRun | undefined {
    return this.#byClaim.get(claimKey(claim));
  }

  has(held: HeldRun): boolean {
    return this.#byClaim.get(claimKey(held.run)) === held;
  }

  /** The queue of a version, made at the first call. */
  queue(versionId: string): VersionQueue {
    let queue = this.#queues.get(versionId);
    if (queue === undefined) {
      queue = { ahead: [], waiting: [], startingCount: 0 };
      this.#queues.set(versionId, queue);
    }
    return queue;
  }

  /** The versions that have runs not yet executing, with their queues. */
  queues(): IterableIterator<[string, VersionQueue]> {
    return this.#queues.entries();
  }

  /** Forgets a run, wherever it stands. */
  remove(held: HeldRun): void {
    if (!this.#byClaim.delete(claimKey(held.run))) return;
    const queue = this.queue(held.run.versionId);
    if (held.stage === "ahead") removeFrom(queue.ahead, held);
    else if (held.stage === "waiting") removeFrom(queue.waiting, held);
    else if (held.stage === "starting") queue.startingCount--;
  }

  /** Every run that is held. */
  values(): IterableIterator<HeldRun> {
    return this.#byClaim.values();
  }
}

/** What decides whether runs are given back. */
export interface Flow {
  readonly nowMs: number;
  /** When a process of the version last became free. */
  readonly freedAtMs: number;
  /** How many runs may be held ahead at present. */
  readonly aheadLimit: number;
  /** Whether a process for the version is being started, so that what is already started keeps waiting. */
  readonly isStartingProcess: boolean;
}

/**
 * Chooses the runs of a version that go back to the server: all that have waited for 50 ms during which no process became
 * free, and the newest of those held ahead beyond twice the limit of the moment (the limit moves all the time). A run whose start is being committed stays.
 *
 * @param queue - the version's queue; it is not changed
 * @param flow - the state of its processes
 * @returns the runs to give back
 */
export function runsToGiveBack(queue: VersionQueue, flow: Flow): HeldRun[] {
  const isStuck = flow.nowMs - flow.freedAtMs >= patienceMs;
  const isOverdue = (held: HeldRun): boolean => isStuck && flow.nowMs - held.sinceMs >= patienceMs;
  const kept = queue.ahead.filter((held) => !isOverdue(held));
  const ahead = queue.ahead.filter(isOverdue).concat(kept.slice(flow.aheadLimit * 2));
  return flow.isStartingProcess ? ahead : ahead.concat(queue.waiting.filter(isOverdue));
}

function claimKey(claim: Held): string {
  return `${claim.runId}:${claim.fence}`;
}

function removeFrom(queue: HeldRun[], held: HeldRun): void {
  const index = queue.indexOf(held);
  if (index !== -1) queue.splice(index, 1);
}
