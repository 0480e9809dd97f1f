import assert from "node:assert/strict";
import { test } from "node:test";
import { drawChart } from "./chart.ts";

test("A bar is as long as its pieces, one behind the other, on the scale of its section", () => {
  const svg = drawChart({
    title: "A & B",
    subtitle: "<here>",
    sections: [
      {
        heading: "cost",
        unit: "µs",
        legend: ["server", "Postgres"],
        bars: [
          {
            label: "small",
            pieces: [
              { value: 100, colour: 0 },
              { value: 50, colour: 1 },
            ],
            samples: [140, 160],
          },
          { label: "large", pieces: [{ value: 290, colour: 0 }], samples: [290], text: "twice" },
        ],
      },
      { heading: "nothing", unit: "ms", bars: [] },
    ],
  });
  const rects = [...svg.matchAll(/<rect class="c(\d)" x="([\d.]+)" .*width="([\d.]+)"/g)].map((found) =>
    found.slice(1).map(Number),
  );
  const [first = [], second = [], third = []] = rects;
  assert.equal(rects.length, 3);
  assert.deepEqual([first[0], second[0], third[0]], [0, 1, 0]);
  assert.equal(second[1], (first[1] ?? 0) + (first[2] ?? 0), "the second piece begins where the first ends");
  assert.equal(third[2], 2.9 * (first[2] ?? 0));
  assert.equal(svg.match(/class="range"/g)?.length, 1, "one sample has no range");
  assert.match(svg, /A &amp; B/);
  assert.match(svg, /&lt;here&gt;/);
  assert.match(svg, />twice</);
  assert.match(svg, />150</, "what the pieces come to");
  assert.equal(svg.match(/nothing/), null, "a section without bars is left out");
});
