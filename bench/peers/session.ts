import type { CallCount } from "../load/protocol.ts";
import type { JobKind } from "./protocol.ts";

/** What a contender is started for. */
export interface SessionPlan {
  /** Names its database and folder; of letters, digits and underscores. */
  readonly name: string;
  readonly kinds: readonly JobKind[];
  /** Jobs that its worker executes at once; null: 50, and with Pawl as many as its worker decides. */
  readonly concurrency: number | null;
}

/** Jobs that have ended, and how long after they were let go. */
export interface Handled {
  readonly count: number;
  readonly elapsedMs: number;
}

/**
 * A contender with fresh data and a client, the same for Pawl and its peers. A worker runs once it was started.
 */
export interface Session {
  /** Single enqueues of no-op jobs, each caller one after the other, until the time is over. */
  enqueueDuring(callers: number, durationMs: number): Promise<CallCount>;
  /** Bulk calls, one after the other, and how long they took; null: it has none. */
  enqueueBulk(calls: number, each: number): Promise<number | null>;
  startWorker(): Promise<void>;
  /** Kills the worker with -9. */
  killWorker(): Promise<void>;
  /** Makes jobs by the quickest call there is. */
  fill(count: number): Promise<void>;
  /** Makes many jobs, by copies of a row where it has no bulk call. */
  fillBacklog(count: number): Promise<void>;
  /** Keeps no-op jobs from ending, while they can be enqueued. */
  holdBack(): Promise<void>;
  /** Lets them go: the moment that the next two count from. */
  letGo(): Promise<void>;
  /** Waits until its own store has no unfinished job. @returns milliseconds since they were let go */
  awaitDrained(timeoutMs: number): Promise<number>;
  /** Waits until the first jobs have ended, or the time is over. */
  awaitFirst(count: number, timeoutMs: number): Promise<Handled>;
  /** Enqueues as {@link enqueueDuring} does while the worker executes. */
  mix(callers: number, durationMs: number): Promise<CallCount & { readonly finished: number }>;
  /** Single enqueues, so far apart. @returns milliseconds from before each call to its job's first line */
  startLatencies(count: number, intervalMs: number): Promise<readonly number[]>;
  /** Parents that wait for one child each, one after the other. @returns milliseconds that each waited */
  roundTrips(count: number): Promise<readonly number[]>;
  /** A parent that waits for many children. @returns milliseconds that it waited */
  fanOut(children: number): Promise<number>;
  /** Enqueues jobs that hold their slot and write to {@link holdPath}. */
  enqueueHeld(count: number): Promise<void>;
  /** Held jobs write `start` and `end` lines here, and hold until a file of this name with `.released` behind it exists. */
  readonly holdPath: string;
  /** Enqueues jobs of 50 ms in another queue, whose limit leaves two of 16 free, and waits until it is full. */
  enqueueBusy(count: number): Promise<void>;
  /** Statements or commands sent to its database so far, without the bench's; null: it has none that can be counted. */
  countQueries(): Promise<number | null>;
  /** Lets the database tidy up after a load, as it would have in time. */
  settle(): Promise<void>;
  /** Stops everything and removes its data. */
  close(): Promise<void>;
}
