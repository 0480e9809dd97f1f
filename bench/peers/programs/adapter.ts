import type { AdapterSettings, JobKind } from "../protocol.ts";

/** What a worker's handlers do, the same for every package. */
export interface Body {
  /** A no-op job: the first line notes the moment. */
  noop(n: number): Promise<void>;
  /** A job that holds its slot until it is released. */
  hold(n: number): Promise<void>;
  /** Told by a parent how long it waited for its children. */
  waited(ms: number): void;
}

/** The client of a package. */
export interface PeerClient {
  /** Enqueues one job; resolves when the package says that it is kept. */
  enqueue(kind: JobKind, n: number): Promise<unknown>;
  /** Enqueues no-op jobs in one call; absent: the package has no such call. */
  readonly enqueueMany?: (numbers: readonly number[]) => Promise<unknown>;
  /** Makes jobs for a backlog where the package's own calls would take too long. */
  readonly clone?: (count: number) => Promise<unknown>;
  /** Whether the package's store has no unfinished job. */
  isDrained(): Promise<boolean>;
}

/** A package, used through one interface. */
export interface Adapter {
  /** Makes tables and queues, and connects. */
  connect(settings: AdapterSettings): Promise<PeerClient>;
  /** Starts a worker in this process; it ends with the process. */
  work(settings: AdapterSettings, body: Body): Promise<unknown>;
}
