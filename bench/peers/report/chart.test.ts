import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPeersChart } from "./chart.ts";
import { toPeerResults } from "./results.ts";

test("The chart of the peers has a bar for each contender, as long as its figure, and Pawl's stands out", () => {
  const samples = [
    { contender: "pawl", sample: { end_to_end_per_s: 3_000 } },
    { contender: "peer", sample: { end_to_end_per_s: 1_500 } },
  ];
  const svg = drawPeersChart({
    title: "Pawl beside its peers",
    subtitle: "here",
    results: toPeerResults(samples, ["pawl", "peer"]),
    labels: new Map([["peer", "The peer"]]),
  });
  const width = (colour: number) => Number(new RegExp(`<rect class="c${colour}" .*width="([\\d.]+)"`).exec(svg)?.[1]);
  assert.equal(width(0), width(1) * 2);
  assert.match(svg, />The peer</);
  assert.equal(svg.match(/start latency/), null, "nothing was measured of it");
});
