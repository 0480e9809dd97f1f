import assert from "node:assert/strict";
import { test } from "node:test";
import { floorTable } from "./floor-rows.ts";

test("stages stand beside their loop, and the rest makes up the whole", () => {
  const span = { part: "hop", steps: ["b", "c"], loop: "a bare hop", floorMs: [1, 2, 9] };
  const passages = [
    [1, 2, 3],
    [1, 3, 4],
    [2, 2, 2],
  ];
  const { rows, whole } = floorTable(["a", "b", "c"], passages, [span]);
  assert.deepEqual(whole, { pawl: 6, floor: 2 });
  assert.deepEqual(
    rows.map(({ part, pawl, floor }) => [part, pawl, floor]),
    [
      ["hop", 5, 2],
      ["the rest: code between those, and what medians lack to the median of the whole", 1, 0],
    ],
  );
});
