import { median } from "../measures/statistics.ts";
import type { Contender } from "./contender.ts";
import { contenders } from "./contenders.ts";
import { type PeerFigureName, peerFigure } from "./figures.ts";
import type { PeerResult } from "./report/results.ts";
import type { Work } from "./works/work.ts";

/** What Pawl has to reach beside a peer. */
interface Bar {
  readonly figure: PeerFigureName;
  /** The peer; `best on Postgres`: whichever of those is best; null: Pawl's figure itself is judged. */
  readonly against: string | null;
  /** Limits of the ratio, or of the figure itself. */
  readonly floor?: number;
  readonly aim?: number;
}

const bestOnPostgres = "best on Postgres";

const bars: readonly Bar[] = [
  { figure: "end_to_end_per_s", against: "pg-boss", floor: 0.5, aim: 1.2 },
  { figure: "end_to_end_per_s", against: "restate", floor: 0.8, aim: 2 },
  { figure: "end_to_end_per_s", against: "dbos", floor: 2, aim: 5 },
  { figure: "end_to_end_per_s", against: "graphile-worker-children", floor: 1.2, aim: 3 },
  { figure: "end_to_end_per_s", against: "bare-rows", floor: 0.4, aim: 0.8 },
  { figure: "mixed_finished_per_s", against: bestOnPostgres, floor: 2.5, aim: 5 },
  { figure: "enqueue_single_per_s", against: bestOnPostgres, floor: 0.6, aim: 1.2 },
  { figure: "enqueue_bulk_per_s", against: "graphile-worker", floor: 0.25, aim: 0.8 },
  { figure: "start_latency_p50_ms", against: "bullmq-everysec", floor: 2, aim: 1 },
  { figure: "start_latency_beside_ratio", against: null, floor: 2, aim: 1.2 },
  { figure: "parent_child_p50_ms", against: "bullmq-everysec", floor: 3, aim: 1.2 },
  { figure: "fan_out_1000_s", against: "restate", floor: 1 },
  { figure: "fan_out_1000_s", against: "bullmq-everysec", aim: 1 },
  { figure: "backlog_ratio", against: null, floor: 0.8, aim: 0.95 },
  { figure: "crash_done_s", against: null, floor: 12, aim: 3 },
  { figure: "crash_left", against: null, floor: 0 },
  { figure: "idle_queries_per_min", against: "graphile-worker-batching", floor: 2, aim: 0 },
];

/** A bar with what was reached. */
export interface JudgedBar extends Bar {
  /** Whom Pawl was compared with in the end. */
  readonly peer: string | null;
  readonly reached: number;
  readonly verdict: "reaches the aim" | "reaches the floor" | "below the floor" | "below the aim";
}

/**
 * Compares Pawl's figures with the bars.
 *
 * @param results - of a measurement
 * @returns the bars whose figures were measured, for Pawl and for its peer
 */
export function judge(results: readonly PeerResult[]): readonly JudgedBar[] {
  return bars.flatMap((bar) => {
    const pawl = results.find(({ contender, figure }) => contender === "pawl" && figure === bar.figure);
    const peer = bar.against === null ? null : peerOf(bar, results);
    if (pawl === undefined || peer === undefined) return [];
    const reached = peer === null ? pawl.median : ratioOf(pawl, peer);
    return [{ ...bar, peer: peer?.contender ?? null, reached, verdict: verdictOf(bar, reached) }];
  });
}

/**
 * Whether a bar compares what a work gives of a contender: that is measured in every round, the rest once.
 *
 * @param contender - Pawl, or what it is compared with
 * @param work - what is measured
 * @returns whether it does
 */
export function isBarred(contender: Contender, work: Work): boolean {
  return bars.some(
    ({ figure, against }) =>
      work.gives.includes(figure) &&
      (contender.role === "pawl" ||
        against === contender.name ||
        (against === bestOnPostgres && isPeerOnPostgres(contender))),
  );
}

/**
 * How one contender stands to another: the median of the ratios of each round.
 *
 * @param result - of the one
 * @param other - the same figure of the other
 * @returns the ratio
 */
export function ratioOf(result: PeerResult, other: PeerResult): number {
  const rounds = Math.min(result.samples.length, other.samples.length);
  return median(result.samples.slice(0, rounds).map((sample, round) => sample / (other.samples[round] ?? Number.NaN)));
}

function peerOf({ figure, against }: Bar, results: readonly PeerResult[]): PeerResult | undefined {
  const measured = results.filter((result) => result.figure === figure && result.contender !== "pawl");
  if (against !== bestOnPostgres) return measured.find(({ contender }) => contender === against);
  const onPostgres = measured.filter(({ contender }) =>
    contenders.some((known) => known.name === contender && isPeerOnPostgres(known)),
  );
  return onPostgres.sort((a, b) => b.median - a.median)[0];
}

function isPeerOnPostgres({ role, store }: Contender): boolean {
  return role === "peer" && store === "postgres";
}

function verdictOf({ figure, floor, aim }: Bar, reached: number): JudgedBar["verdict"] {
  const isReached = (limit: number) => (peerFigure(figure).isRate ? reached >= limit : reached <= limit);
  if (aim !== undefined && isReached(aim)) return "reaches the aim";
  if (floor === undefined) return "below the aim";
  return isReached(floor) ? "reaches the floor" : "below the floor";
}
