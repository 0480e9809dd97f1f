import assert from "node:assert/strict";
import { test } from "node:test";
import { readRate } from "./rate-argument.ts";

test("a rate is runs in a time, of which the one may be left out", () => {
  assert.deepEqual(readRate("100/1m"), { limit: 100, period: "1m" });
  assert.deepEqual(readRate("10/s"), { limit: 10, period: "1s" });
  assert.deepEqual(readRate("5/1h30m"), { limit: 5, period: "1h30m" });
  assert.equal(readRate("none"), null);
  for (const text of ["", "10", "/1m", "10/", "10/1x", "1.5/1m", "10 / 1m"]) assert.throws(() => readRate(text), text);
});
