import type { CallCount } from "../load/protocol.ts";

/** What a job does: nothing; holds its slot until it is released; waits for one child; waits for many. */
export type JobKind = "noop" | "hold" | "parent" | "fan_out";

/** The packages that have an adapter. */
export type AdapterName = "bare" | "pg-boss" | "graphile-worker" | "bullmq" | "dbos" | "restate" | "openworkflow";

/** How an adapter reaches its server, and how its package is set up. */
export interface AdapterSettings {
  /** Of Postgres, of Redis, or of Restate's ingress. */
  readonly url: string;
  /** Restate's admin API. */
  readonly adminUrl?: string;
  /** Where a worker listens that is called by its server. */
  readonly workerPort?: number;
  /** What tells the variants of one package apart, such as `batching`. */
  readonly variant: string;
  /** Jobs that the worker executes at once. */
  readonly concurrency: number;
  /** The kinds that the worker executes. */
  readonly kinds: readonly JobKind[];
}

/** What the worker's handlers are told. */
export interface BodySettings {
  /** Child processes that execute the no-op jobs; 0: they are executed in the worker. */
  readonly children: number;
  /** The file that held jobs write to; they hold until a file of this name with `.released` behind it exists. */
  readonly holdPath: string;
}

/** When a job of the client's was called for, on the machine's monotonic clock. */
export interface CalledJob {
  readonly n: number;
  readonly calledAtNs: string;
}

/** What a client process can be asked for. */
export interface ClientCalls {
  /** Makes tables, queues and whatever else has to be there. */
  prepare: { readonly request: { adapter: AdapterName; settings: AdapterSettings }; readonly answer: null };
  /** Single enqueues, each caller one after the other, until the time is over. */
  enqueue_during: { readonly request: { callers: number; durationMs: number }; readonly answer: CallCount };
  /** Bulk calls one after the other; null: the package has none. */
  enqueue_bulk: {
    readonly request: { calls: number; each: number };
    readonly answer: { elapsedMs: number } | null;
  };
  /** Makes so many no-op jobs by the quickest call there is; or by copies of a row, where it may and there is no bulk call. */
  fill: { readonly request: { count: number; mayClone: boolean }; readonly answer: null };
  /** Single enqueues, so many milliseconds apart. */
  enqueue_spaced: {
    readonly request: { count: number; intervalMs: number };
    readonly answer: { jobs: readonly CalledJob[] };
  };
  /** Jobs of another kind; `n` of each is its number, or how many children it has. */
  enqueue_kind: { readonly request: { kind: JobKind; numbers: readonly number[] }; readonly answer: null };
  /** Waits until the package's own store has no unfinished job. */
  await_drained: { readonly request: { timeoutMs: number }; readonly answer: { atNs: string } };
}

/** What a worker process can be asked for. */
export interface WorkerCalls {
  start: {
    readonly request: { adapter: AdapterName; settings: AdapterSettings; body: BodySettings };
    readonly answer: null;
  };
  /** Keeps no-op jobs from going on past their first line; those of before are forgotten. */
  close_gate: { readonly request: null; readonly answer: null };
  open_gate: { readonly request: null; readonly answer: { atNs: string } };
  /** Waits until so many no-op jobs have ended since the gate was closed last, or the time is over. */
  await_handled: {
    readonly request: { count: number; timeoutMs: number };
    readonly answer: { count: number; atNs: string };
  };
  /** The no-op jobs that have ended since the gate was closed last. */
  count_handled: { readonly request: null; readonly answer: { count: number; atNs: string } };
  /** When the first line of each no-op job was reached. */
  moments: { readonly request: null; readonly answer: { startedAtNs: readonly (readonly [number, string])[] } };
  /** Waits until so many parents have told how long they waited, in milliseconds, or the time is over. */
  await_waits: {
    readonly request: { count: number; timeoutMs: number };
    readonly answer: { tookMs: readonly number[] };
  };
}

/** A message to a process. */
export type Message<Calls extends Record<keyof Calls, { request: unknown; answer: unknown }>> = {
  [Kind in keyof Calls]: { readonly id: number; readonly kind: Kind; readonly request: Calls[Kind]["request"] };
}[keyof Calls];

/** A message from a process. */
export type Reply = { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: string };
