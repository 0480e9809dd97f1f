import type { PeerFigureName, PeerSample } from "../figures.ts";
import type { JobKind } from "../protocol.ts";
import type { Session } from "../session.ts";

/** Every work, in the order of a round. */
export const workNames = [
  "enqueue_single",
  "enqueue_bulk",
  "end_to_end",
  "mixed",
  "start_latency",
  "beside",
  "parent_child",
  "fan_out",
  "backlog",
  "crash",
  "idle",
] as const;

/** The name of a work. */
export type WorkName = (typeof workNames)[number];

/** How much of everything. */
export interface Scale {
  readonly callers: number;
  readonly enqueueMs: number;
  readonly bulkCalls: number;
  /** Jobs from end to end. */
  readonly jobs: number;
  readonly spaced: number;
  /** Spaced calls alone and beside, and the jobs of the other queue. */
  readonly spacedBeside: number;
  readonly busy: number;
  readonly roundTrips: number;
  readonly fanOutChildren: number;
  readonly fanOuts: number;
  /** Jobs of the backlog, and how many of the first are counted. */
  readonly backlog: number;
  readonly backlogFirst: number;
  readonly backlogMs: number;
  /** Jobs in flight when the worker is killed. */
  readonly held: number;
  readonly crashMs: number;
  readonly idleMs: number;
}

/** What a measurement takes. */
export const fullScale: Scale = {
  callers: 50,
  enqueueMs: 5_000,
  bulkCalls: 50,
  jobs: 20_000,
  spaced: 200,
  spacedBeside: 300,
  busy: 100_000,
  roundTrips: 100,
  fanOutChildren: 1_000,
  fanOuts: 3,
  backlog: 500_000,
  backlogFirst: 20_000,
  backlogMs: 25_000,
  held: 100,
  crashMs: 90_000,
  idleMs: 60_000,
};

/** What shows within seconds that everything works; its figures are not to be compared. */
export const quickScale: Scale = {
  callers: 50,
  enqueueMs: 1_000,
  bulkCalls: 3,
  jobs: 1_000,
  spaced: 20,
  spacedBeside: 20,
  busy: 2_000,
  roundTrips: 10,
  fanOutChildren: 100,
  fanOuts: 1,
  backlog: 10_000,
  backlogFirst: 1_000,
  backlogMs: 5_000,
  held: 10,
  crashMs: 10_000,
  idleMs: 5_000,
};

/** What a work is told. */
export interface WorkContext {
  /** How much, for this contender. */
  readonly scale: Scale;
  /** Resolves when every contender of a work that is done together has come so far. */
  together(): Promise<void>;
}

/** A way to take samples of a contender with fresh data. */
export interface Work {
  readonly name: WorkName;
  readonly gives: readonly PeerFigureName[];
  /** Taken in the first round only: it takes long and hardly varies. */
  readonly isOnce?: boolean;
  /** Whether it says something about Pawl only. */
  readonly isOfPawlAlone?: boolean;
  /** Taken of all contenders side by side, as they mostly wait. */
  readonly isTogether?: boolean;
  /** The kinds of jobs that its worker executes. */
  readonly kinds: readonly JobKind[];
  /** Jobs that the worker executes at once; default: 50, with Pawl as many as its worker decides. */
  readonly concurrency?: (scale: Scale) => number;
  /** Takes one sample. */
  run(session: Session, context: WorkContext): Promise<PeerSample>;
}
