import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuOwner } from "./cpu-table.ts";

test("the parts of a process add up to it, with the small ones and what is unknown", () => {
  const parts = [
    { part: "a", usPerRun: 40 },
    { part: "b", usPerRun: 30.5 },
    { part: "c", usPerRun: 0.2 },
  ];
  const { rows } = cpuOwner("server", 100, parts, "other threads");
  assert.deepEqual(
    rows.map(({ part }) => part),
    ["a", "b", "other threads", "rest"],
  );
  const sum = rows.reduce((total, row) => total + row.usPerRun, 0);
  assert.ok(Math.abs(sum - 100) < 1e-9, String(sum));
});
