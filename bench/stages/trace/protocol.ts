import type { Profiler } from "node:inspector";

/** The environment variable that tells a collector its folder. */
export const traceDirVariable = "BENCH_TRACE_DIR";

/** How often a profile looks where its process stands, in microseconds. */
export const profilePeriodUs = 500;

/** What collectors are to do; `number` counts up. */
export interface TraceOrder {
  readonly number: number;
  readonly kind: "moments" | "profile" | "stop" | "memory";
}

/** What a collector works in. */
export type Role = "server" | "host" | "process";

/** A moment that a process noted. */
export interface Moment {
  /** On the machine's monotonic clock, which all processes share. */
  readonly atNs: string;
  readonly channel: string;
  /** What the moment is about: the type of a message, the path of a request, the names of statements. */
  readonly label: string;
  /** The subject as JSON. */
  readonly text: string;
}

/** What one process recorded. */
export interface Recorded {
  readonly role: Role;
  readonly pid: number;
  readonly moments: readonly Moment[];
  readonly profile: Profiler.Profile | null;
  /** After a full collection of garbage; absent: it was not asked for. */
  readonly memory?: NodeJS.MemoryUsage;
}
