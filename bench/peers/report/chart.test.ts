import assert from "node:assert/strict";
import { test } from "node:test";
import { drawChart } from "./chart.ts";
import { toPeerResults } from "./results.ts";

test("The chart has a bar for each contender, as long as its figure, and escapes what it shows", () => {
  const samples = [
    { contender: "pawl", sample: { end_to_end_per_s: 3_000 } },
    { contender: "peer", sample: { end_to_end_per_s: 1_500 } },
  ];
  const svg = drawChart({
    title: "A & B",
    subtitle: "<here>",
    results: toPeerResults(samples, ["pawl", "peer"]),
    labels: new Map([["peer", "The peer"]]),
  });
  const width = (name: string) => Number(new RegExp(`<rect class="${name}" .*width="([\\d.]+)"`).exec(svg)?.[1]);
  assert.equal(width("pawl"), width("peer") * 2);
  assert.match(svg, /A &amp; B/);
  assert.match(svg, /&lt;here&gt;/);
  assert.match(svg, />The peer</);
  assert.equal(svg.match(/start latency/), null, "nothing was measured of it");
});
