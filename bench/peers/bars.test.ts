import assert from "node:assert/strict";
import { test } from "node:test";
import { judge } from "./bars.ts";
import type { PeerFigureName } from "./figures.ts";
import { toPeerResults } from "./report/results.ts";

const sampled = (contender: string, figure: PeerFigureName, ...values: readonly number[]) =>
  values.map((value) => ({ contender, sample: { [figure]: value } }));

const judged = (samples: ReturnType<typeof sampled>) =>
  judge(toPeerResults(samples, [...new Set(samples.map(({ contender }) => contender))]));

test("Pawl is compared with a peer round by round, and the ratio is judged by whether more is better", () => {
  const bars = judged([
    ...sampled("pawl", "end_to_end_per_s", 4_000, 2_000, 9_000),
    ...sampled("pg-boss", "end_to_end_per_s", 5_000, 4_000, 9_000),
    ...sampled("pawl", "start_latency_p50_ms", 5),
    ...sampled("bullmq-everysec", "start_latency_p50_ms", 2),
  ]);
  assert.deepEqual(
    bars.map(({ figure, peer, reached, verdict }) => ({ figure, peer, reached, verdict })),
    [
      { figure: "end_to_end_per_s", peer: "pg-boss", reached: 0.8, verdict: "reaches the floor" },
      { figure: "start_latency_p50_ms", peer: "bullmq-everysec", reached: 2.5, verdict: "below the floor" },
    ],
  );
});

test("The best peer on Postgres is the one that does most, whatever others do on Redis", () => {
  const [bar] = judged([
    ...sampled("pawl", "mixed_finished_per_s", 5_000),
    ...sampled("graphile-worker-batching", "mixed_finished_per_s", 1_000),
    ...sampled("pg-boss", "mixed_finished_per_s", 800),
    ...sampled("bullmq-always", "mixed_finished_per_s", 7_000),
  ]);
  assert.equal(bar?.peer, "graphile-worker-batching");
  assert.equal(bar.verdict, "reaches the aim");
});

test("A figure of Pawl's own is judged without a peer", () => {
  const bars = judged([...sampled("pawl", "crash_done_s", 2.5), ...sampled("pawl", "crash_left", 0)]);
  assert.deepEqual(
    bars.map(({ verdict }) => verdict),
    ["reaches the aim", "reaches the floor"],
  );
});
