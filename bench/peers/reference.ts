import { type PeerFigureName, peerFigure } from "./figures.ts";

/** Where the reference figures come from. */
export const referenceSource =
  "an earlier measurement with another harness on 2026-11-21: 2 cores (AMD EPYC), Node 20.20.2, Postgres 15.18, Redis 7.0.15, the same versions of the packages, the same settings; one write and sync 0.198 ms";

/** The figures in the order of {@link rows}. */
const columns: readonly PeerFigureName[] = [
  "enqueue_single_per_s",
  "enqueue_bulk_per_s",
  "end_to_end_per_s",
  "mixed_enqueued_per_s",
  "mixed_finished_per_s",
  "start_latency_p50_ms",
  "start_latency_p95_ms",
  "start_latency_p99_ms",
  "parent_child_p50_ms",
  "parent_child_p95_ms",
  "fan_out_1000_s",
  "backlog_none_per_s",
  "backlog_per_s",
  "backlog_ratio",
  "crash_done_s",
  "idle_queries_per_min",
];

const none = null;

/** What each contender reached there; null: not offered, or not measured. */
const rows: Readonly<Record<string, readonly (number | null)[]>> = {
  "bullmq-everysec": [31688, 17734, 13819, 11124, 8137, 2.2, 3, 5.2, 3.8, 8.7, 0.24, 20141, 15860, 0.79, 60.6, 111],
  "bullmq-always": [21664, 19022, 11929, 8117, 6955, 2.8, 4.9, 8.9, 4.3, 7.5, 0.25, 13070, 11115, 0.85, 60.7, 111],
  "pg-boss": [1181, 33985, 5382, 669, 667, 6.7, 7.7, 8.5, 1006, 1009, 1.07, 7884, 7496, 0.95, 60.8, 420],
  "graphile-worker": [1323, 56789, 2459, 606, 606, 3.6, 5, 10.1, none, none, none, 2334, 2563, 1.1, none, 1501],
  "graphile-worker-batching": [
    1226,
    52354,
    27071,
    816,
    809,
    3.6,
    4.9,
    7,
    none,
    none,
    none,
    31077,
    28169,
    0.91,
    none,
    31,
  ],
  "graphile-worker-children": [none, none, 1882, none, none, 4.2, 5.3, 7.8],
  dbos: [1993, 1734, 1140, 1269, 662, 11.5, 18.1, 21.8, 10.2, 13.1, 3.85, 1278, 1171, 0.92, 2.2, 20334],
  restate: [1392, none, 2886, 795, 795, 5.2, 6.6, 7.4, 7.4, 13.2, 0.83, 2703, 2607, 0.96, 1.8, none],
  openworkflow: [7201, none, 469, 1453, 278, 38.1, 129, 159, 183, 215, none, 588, 9, 0.01, 30.6, 3900],
  bare: [10241, 234877, 29477, 8178, 7378, 4.5, 5.4, 6.8, none, none, none, 29905, 24327, 0.81, none, 60],
};

/**
 * What a contender reached in the reference measurement.
 *
 * @param contender - its name
 * @param figure - which figure
 * @returns the value; null: there is none
 */
export function referenceOf(contender: string, figure: PeerFigureName): number | null {
  const index = columns.indexOf(figure);
  return (index === -1 ? null : rows[contender]?.[index]) ?? null;
}

/** Why a figure is off by more than 30 % although the contender is set up as it was there. */
interface Explanation {
  /** Null: of all contenders. */
  readonly contender: string | null;
  readonly figures: readonly PeerFigureName[];
  /** Whether it is quicker here. */
  readonly isQuicker: boolean;
  readonly why: string;
}

const tails =
  "a few of 200 calls: what else the machine did in those seconds; look at the samples of Pawl and of the bare table beside it";
const flows =
  "here one parent right after the other, after some that warm; there it is not known how far apart they were, nor whether any came before";

const explanations: readonly Explanation[] = [
  {
    contender: "pg-boss",
    figures: ["end_to_end_per_s"],
    isQuicker: true,
    why: "here after 1,000 jobs that warm worker and tables, from the moment they are let go; there cold, and 7,884/s for the first 20,000 of a vacuumed table",
  },
  {
    contender: "graphile-worker-batching",
    figures: ["end_to_end_per_s"],
    isQuicker: true,
    why: "here warm, and 500 wait at the gate, fetched; there cold, and 31,077/s for the first 20,000 of a vacuumed table",
  },
  {
    contender: "bare",
    figures: [
      "enqueue_single_per_s",
      "mixed_enqueued_per_s",
      "mixed_finished_per_s",
      "start_latency_p50_ms",
      "start_latency_p95_ms",
      "start_latency_p99_ms",
    ],
    isQuicker: true,
    why: "the same plan, another loop: here a claim begins with the notification, and NOTIFY is sent at once where none was in the last millisecond",
  },
  {
    contender: null,
    figures: ["parent_child_p50_ms", "parent_child_p95_ms", "fan_out_1000_s"],
    isQuicker: true,
    why: flows,
  },
  { contender: null, figures: ["start_latency_p95_ms", "start_latency_p99_ms"], isQuicker: false, why: tails },
  {
    contender: "restate",
    figures: ["backlog_per_s", "backlog_ratio"],
    isQuicker: true,
    why: "here beside 100,000, there beside 200,000: it takes a minute to make them",
  },
];

/**
 * Why a figure is off.
 *
 * @param contender - whose
 * @param figure - which
 * @param ratio - here divided by there
 * @returns the reason; null: none is known
 */
export function explanationOf(contender: string, figure: PeerFigureName, ratio: number): string | null {
  const isQuicker = ratio > 1 === peerFigure(figure).isRate;
  const found = explanations.find(
    (each) =>
      (each.contender === null || each.contender === contender) &&
      each.figures.includes(figure) &&
      each.isQuicker === isQuicker,
  );
  return found?.why ?? null;
}
