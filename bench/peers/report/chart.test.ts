import assert from "node:assert/strict";
import { test } from "node:test";
import { drawPeersChart } from "./chart.ts";
import type { PeersFile } from "./peers-file.ts";
import { toPeerResults } from "./results.ts";

const samples = [
  { contender: "pawl", sample: { end_to_end_per_s: 3_000 } },
  { contender: "peer", sample: { end_to_end_per_s: 1_500 } },
];
const shown = { settings: "", lacks: {}, version: null };
const file: PeersFile = {
  ...{ kind: "peers", isQuick: false, works: ["end_to_end"], samples: 1, postgresSettings: [], versions: {}, bars: [] },
  machine: {
    ...{ date: "2026-01-01T00:00:00Z", cpu: "<here>", cores: 2, memoryMb: 1, platform: "", kernel: "", node: "v24" },
    ...{
      postgres: "15",
      commit: "",
      product: "packed",
      processes: null,
      fileSystemType: "",
      fdatasyncMs: 1,
      loadBefore: [],
    },
  },
  contenders: [
    { name: "pawl", label: "Pawl", role: "pawl", ...shown },
    { name: "peer", label: "A & B", role: "peer", ...shown },
  ],
  results: toPeerResults(samples, ["pawl", "peer"]),
  ...{ failures: [], reference: { source: "", rows: [] }, durations: [], tookS: 1 },
};

test("The chart has a bar for each contender, as long as its figure, and escapes what it shows", () => {
  const svg = drawPeersChart(file);
  const width = (name: string) => Number(new RegExp(`<rect class="${name}" .*width="([\\d.]+)"`).exec(svg)?.[1]);
  assert.ok(Math.abs(width("pawl") - width("peer") * 2) < 0.2);
  assert.match(svg, />A &amp; B</);
  assert.match(svg, /&lt;here&gt;/);
  assert.equal(svg.match(/start latency/), null, "nothing was measured of it");
});
