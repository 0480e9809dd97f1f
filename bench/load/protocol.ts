/** Where a trigger call of the load began, and which run it made. */
export interface TriggeredRun {
  readonly runId: string;
  /** Before the call, on the machine's monotonic clock, in nanoseconds. */
  readonly calledAtNs: string;
}

/** How many calls were answered, and in which time. */
export interface CallCount {
  readonly count: number;
  readonly elapsedMs: number;
}

/** Pawl's SDK, or the original's published one. */
export type ClientName = "pawl" | "original";

/** What both clients can be asked for. */
export type ClientCallName = "trigger" | "retrieve" | "batch" | "list";

/** Queues `bench-0`, `bench-1`, …, each with so many concurrency keys; 0: no run has one. */
export interface Spread {
  readonly queues: number;
  readonly keys: number;
}

/** What the load process can be asked for: each request with its answer. */
export interface LoadCalls {
  /** Triggers single runs, each caller one after the other, until the time is over. */
  trigger_during: {
    readonly request: { taskId: string; payload: unknown; callers: number; durationMs: number };
    readonly answer: CallCount;
  };
  /** Triggers batches one after the other; answers with the milliseconds that each took. */
  trigger_batches: {
    readonly request: {
      taskId: string;
      payload: unknown;
      batches: number;
      runsEach: number;
      /** Over so many queues, and keys of each, the runs are spread; default: they name none. */
      spread?: Spread;
    };
    readonly answer: { elapsedMs: readonly number[] };
  };
  /** Triggers single runs, so many milliseconds apart. */
  trigger_spaced: {
    readonly request: { taskId: string; payload: unknown; count: number; intervalMs: number };
    readonly answer: { runs: readonly TriggeredRun[] };
  };
  /** Begins a single trigger every so many milliseconds, whatever those before it take. */
  trigger_paced: {
    readonly request: { taskId: string; payload: unknown; intervalMs: number; durationMs: number };
    /** When each began, counted from the first, and how long it took. */
    readonly answer: { calls: readonly { readonly atMs: number; readonly elapsedMs: number }[] };
  };
  /** Triggers single runs, all at once. */
  trigger_at_once: {
    readonly request: { taskId: string; payload: unknown; count: number };
    readonly answer: { runs: readonly TriggeredRun[] };
  };
  /** Makes one call again and again with one of two clients, so many side by side. */
  client_calls: {
    readonly request: { client: ClientName; call: ClientCallName; count: number; callers: number };
    readonly answer: CallCount;
  };
  /** Makes one call again and again, with the two clients in turn; answers with the milliseconds that each took. */
  clients_in_turn: {
    readonly request: { call: ClientCallName; count: number };
    readonly answer: { readonly elapsedMs: Readonly<Record<ClientName, readonly number[]>> };
  };
  /** Has readers follow a delayed run each, and changes the metadata of one after the other; answers when each change was seen. */
  live_updates: {
    readonly request: { subscribers: number; updates: number; intervalMs: number };
    readonly answer: { latenciesMs: readonly number[] };
  };
  /** Posts to an echo server with `node:http`, without the SDK. */
  echo_during: {
    readonly request: { url: string; callers: number; durationMs: number };
    readonly answer: CallCount;
  };
}

/** A message to the load process. */
export type LoadMessage = {
  [Kind in keyof LoadCalls]: { readonly id: number; readonly kind: Kind; readonly request: LoadCalls[Kind]["request"] };
}[keyof LoadCalls];

/** A message from the load process. */
export type LoadReply =
  | { readonly id: number; readonly answer: LoadCalls[keyof LoadCalls]["answer"] }
  | { readonly id: number; readonly error: string };
