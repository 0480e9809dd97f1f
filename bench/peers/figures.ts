/** A figure that every contender is measured by, where it offers what the figure is about. */
export interface PeerFigure {
  readonly name: string;
  readonly title: string;
  readonly unit: "/s" | "ms" | "s" | "/min" | "×" | "runs";
  /** Whether more is better. */
  readonly isRate: boolean;
}

/** Every figure, in the order of the tables. The names stay as they are: later results are compared by them. */
export const peerFigures = [
  { name: "enqueue_single_per_s", title: "single enqueue, 50 callers", unit: "/s", isRate: true },
  { name: "enqueue_bulk_per_s", title: "bulk enqueue, 1,000 a call", unit: "/s", isRate: true },
  { name: "end_to_end_per_s", title: "queued no-ops until all have finished", unit: "/s", isRate: true },
  { name: "mixed_enqueued_per_s", title: "enqueue and execute at once: enqueued", unit: "/s", isRate: true },
  { name: "mixed_finished_per_s", title: "enqueue and execute at once: finished", unit: "/s", isRate: true },
  { name: "start_latency_p50_ms", title: "start latency at idle, p50", unit: "ms", isRate: false },
  { name: "start_latency_p95_ms", title: "start latency at idle, p95", unit: "ms", isRate: false },
  { name: "start_latency_p99_ms", title: "start latency at idle, p99", unit: "ms", isRate: false },
  { name: "start_latency_alone_p99_ms", title: "start latency alone, p99", unit: "ms", isRate: false },
  { name: "start_latency_beside_p50_ms", title: "start latency beside a busy queue, p50", unit: "ms", isRate: false },
  { name: "start_latency_beside_p99_ms", title: "start latency beside a busy queue, p99", unit: "ms", isRate: false },
  {
    name: "start_latency_beside_ratio",
    title: "start latency p99, beside a busy queue ÷ alone",
    unit: "×",
    isRate: false,
  },
  { name: "parent_child_p50_ms", title: "parent → child → result, p50", unit: "ms", isRate: false },
  { name: "parent_child_p95_ms", title: "parent → child → result, p95", unit: "ms", isRate: false },
  { name: "fan_out_1000_s", title: "fan-out of 1,000 and wait", unit: "s", isRate: false },
  { name: "backlog_none_per_s", title: "the first jobs of an otherwise empty table", unit: "/s", isRate: true },
  { name: "backlog_per_s", title: "the first jobs of a backlog", unit: "/s", isRate: true },
  { name: "backlog_ratio", title: "with a backlog ÷ without", unit: "×", isRate: true },
  { name: "crash_done_s", title: "killed with jobs in flight: all done after", unit: "s", isRate: false },
  { name: "crash_left", title: "killed: lost, or not done within the time", unit: "runs", isRate: false },
  { name: "crash_twice", title: "killed: started twice", unit: "runs", isRate: false },
  { name: "idle_queries_per_min", title: "queries of an idle minute", unit: "/min", isRate: false },
] as const satisfies readonly PeerFigure[];

/** The name of a figure. */
export type PeerFigureName = (typeof peerFigures)[number]["name"];

/** One sample of each of some figures. */
export type PeerSample = Partial<Readonly<Record<PeerFigureName, number>>>;

/**
 * Finds a figure.
 *
 * @param name - its name
 * @returns the figure
 */
export function peerFigure(name: PeerFigureName): PeerFigure {
  const found = peerFigures.find((figure) => figure.name === name);
  if (found === undefined) throw new Error(`There is no figure ${name}.`);
  return found;
}
