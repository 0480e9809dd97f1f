import assert from "node:assert/strict";
import { test } from "node:test";
import { compareWithReference } from "./against-reference.ts";
import { toPeerResults } from "./report/results.ts";

test("A figure is held against the reference as it is, and beside what the bare table tells of the machine", () => {
  const samples = [
    { contender: "bare", sample: { end_to_end_per_s: 29_477 / 2 } },
    { contender: "pg-boss", sample: { end_to_end_per_s: 5_382 / 2, parent_child_p50_ms: 1_006 } },
    { contender: "restate", sample: { end_to_end_per_s: 2_886 * 3 } },
    { contender: "pawl", sample: { end_to_end_per_s: 5_000 } },
  ];
  const rows = compareWithReference(toPeerResults(samples, ["pawl", "pg-boss", "restate", "bare"]));
  assert.deepEqual(
    rows.map(({ contender, figure, ratio, toBareTable }) => [
      contender,
      figure,
      ratio.toFixed(1),
      toBareTable?.toFixed(1),
    ]),
    [
      ["pg-boss", "end_to_end_per_s", "0.5", "1.0"],
      ["restate", "end_to_end_per_s", "3.0", "6.0"],
      ["bare", "end_to_end_per_s", "0.5", undefined],
      ["pg-boss", "parent_child_p50_ms", "1.0", undefined],
    ],
  );
  assert.deepEqual(
    rows.map(({ explanation }) => explanation !== null),
    [false, true, true, false],
  );
});
