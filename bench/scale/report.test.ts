import assert from "node:assert/strict";
import { test } from "node:test";
import type { Cost } from "./cost.ts";
import { allCurves } from "./curves/all-curves.ts";
import { parseScaleOptions } from "./options.ts";
import { toSizeResult } from "./report.ts";

const cost = (each: number): Cost => ({
  cpuUs: { server: each, postgres: each, host: each, "run processes": each },
  perSecond: 1_000,
});

test("A size is compared with what was measured of the smallest right beside it, not with its median", () => {
  const [curve] = allCurves;
  assert.ok(curve !== undefined);
  const costs = [
    { own: cost(110), smallest: cost(100) },
    { own: cost(220), smallest: cost(200) }, // the machine was busy with something else
    { own: cost(110), smallest: cost(100) },
  ];
  const { ratios, totalUs } = toSizeResult(curve, { size: 10, costs, reads: [] });
  assert.deepEqual(ratios, [1.1, 1.1, 1.1]);
  assert.deepEqual(totalUs, [440, 880, 440]);
});

test("Some curves can be asked for, in the order of all; a name that is none is refused", () => {
  const names = parseScaleOptions(["--only", "queues,history"])?.curves.map(({ name }) => name);
  assert.deepEqual(names, ["history", "queues"]);
  assert.throws(() => parseScaleOptions(["--only", "histories"]), /"histories", which is none of history/);
});
