/** A figure that the bench measures. */
export interface Figure {
  readonly name: string;
  /** `/s` and `/min` count something; of every other unit less is better. */
  readonly unit: "ms" | "s" | "/s" | "/min" | "MB" | "×" | "runs";
  /** What has to be reached, where something has. */
  readonly floor?: number;
  readonly aim?: number;
  /** The calibration that this figure is compared with, and how a value becomes a rate to compare. */
  readonly calibration?: { readonly name: string; readonly toRate: (value: number) => number };
}

const asIs = (value: number): number => value;

/** Every figure, in the order of the table. The names stay as they are: later results are compared by them. */
export const figures = [
  { name: "start_latency_warm_p50_ms", unit: "ms", floor: 5, aim: 2 },
  { name: "start_latency_warm_p95_ms", unit: "ms" },
  { name: "start_latency_warm_p99_ms", unit: "ms", floor: 30 },
  { name: "start_latency_cold_ms", unit: "ms" },
  { name: "calibration_insert_per_s", unit: "/s" },
  { name: "calibration_claim_per_s", unit: "/s" },
  { name: "calibration_http_per_s", unit: "/s" },
  {
    name: "trigger_single_per_s",
    unit: "/s",
    floor: 4_000,
    aim: 8_000,
    calibration: { name: "calibration_http_per_s", toRate: asIs },
  },
  {
    name: "trigger_batch_1000_ms",
    unit: "ms",
    floor: 100,
    aim: 30,
    calibration: { name: "calibration_insert_per_s", toRate: (ms) => (1_000 / ms) * 1_000 },
  },
  {
    name: "runs_end_to_end_per_s",
    unit: "/s",
    floor: 2_000,
    aim: 6_000,
    calibration: { name: "calibration_claim_per_s", toRate: asIs },
  },
  {
    name: "runs_steady_state_per_s",
    unit: "/s",
    floor: 2_000,
    aim: 4_500,
    calibration: { name: "calibration_http_per_s", toRate: asIs },
  },
  { name: "runs_realistic_per_s", unit: "/s", calibration: { name: "calibration_claim_per_s", toRate: asIs } },
  { name: "rate_100_per_s", unit: "/s", floor: 99 },
  { name: "rate_100_burst", unit: "runs", floor: 10 },
  { name: "claim_empty_p50_ms", unit: "ms" },
  { name: "claim_beside_many_p50_ms", unit: "ms" },
  { name: "claim_beside_many_ratio", unit: "×", floor: 2, aim: 1.2 },
  { name: "claim_10000_lanes_at_limit_p50_ms", unit: "ms", floor: 15, aim: 5 },
  { name: "claim_10000_lanes_ready_p50_ms", unit: "ms", floor: 15, aim: 5 },
  { name: "claim_1000_queues_of_10_keys_p50_ms", unit: "ms", floor: 15, aim: 5 },
  { name: "claim_fresh_p95_ms", unit: "ms" },
  { name: "claim_held_transaction_p95_ms", unit: "ms" },
  { name: "claim_held_transaction_ratio", unit: "×", floor: 4, aim: 2 },
  { name: "parent_child_warm_p50_ms", unit: "ms", floor: 15, aim: 5 },
  { name: "parent_child_warm_p95_ms", unit: "ms" },
  { name: "fan_out_1000_ms", unit: "ms", floor: 1_000, aim: 300 },
  { name: "many_parents_1000_s", unit: "s", floor: 20 },
  { name: "wait_10s_10000_latest_ms", unit: "ms", floor: 3_000, aim: 1_000 },
  { name: "wait_10s_10000_memory_mb", unit: "MB", floor: 1_500, aim: 700 },
  { name: "schedules_10000_late_p50_ms", unit: "ms" },
  { name: "schedules_10000_late_p95_ms", unit: "ms", floor: 2_000 },
  { name: "schedules_10000_late_max_ms", unit: "ms", floor: 60_000 },
  { name: "schedules_10000_trigger_p99_ratio", unit: "×", floor: 2 },
  { name: "bulk_cancel_100000_s", unit: "s", floor: 30 },
  { name: "bulk_cancel_trigger_p99_ratio", unit: "×" },
  { name: "realtime_1000_p50_ms", unit: "ms", floor: 50, aim: 15 },
  { name: "realtime_1000_p99_ms", unit: "ms", floor: 250 },
  { name: "client_overhead_trigger_ratio", unit: "×", floor: 1.2 },
  { name: "client_overhead_retrieve_ratio", unit: "×", floor: 1.2 },
  { name: "client_overhead_batch_ratio", unit: "×", floor: 1.2 },
  { name: "client_overhead_list_ratio", unit: "×", floor: 1.2 },
  { name: "client_wall_trigger_ratio", unit: "×" },
  { name: "client_wall_retrieve_ratio", unit: "×" },
  { name: "client_wall_batch_ratio", unit: "×" },
  { name: "client_wall_list_ratio", unit: "×" },
  { name: "idle_queries_per_min", unit: "/min", floor: 60, aim: 20 },
  { name: "idle_server_rss_mb", unit: "MB", floor: 150, aim: 100 },
  { name: "idle_host_rss_mb", unit: "MB" },
  { name: "run_process_rss_mb", unit: "MB" },
] as const satisfies readonly Figure[];

/** The name of a figure. */
export type FigureName = (typeof figures)[number]["name"];

/**
 * Finds a figure.
 *
 * @param name - its name
 * @returns the figure
 */
export function figureNamed(name: FigureName): Figure {
  const found = figures.find((figure) => figure.name === name);
  if (found === undefined) throw new Error(`There is no figure ${name}.`);
  return found;
}

/**
 * Tells a figure's name from another text.
 *
 * @param text - anything
 * @returns whether it names a figure
 */
export function isFigureName(text: string): text is FigureName {
  return figures.some(({ name }) => name === text);
}
