import assert from "node:assert/strict";
import { test } from "node:test";
import { timeAfter, type WaitPeriod } from "./period.ts";

const start = "2026-01-31T10:00:00.000Z";

const ends: readonly (readonly [WaitPeriod & Record<string, unknown>, string])[] = [
  [{ seconds: 1.5 }, "2026-01-31T10:00:01.500Z"],
  [{ minutes: 2 }, "2026-01-31T10:02:00.000Z"],
  [{ hours: 0.5 }, "2026-01-31T10:30:00.000Z"],
  [{ days: 1 }, "2026-02-01T10:00:00.000Z"],
  [{ weeks: 1 }, "2026-02-07T10:00:00.000Z"],
  [{ months: 1 }, "2026-02-28T10:00:00.000Z"],
  [{ months: 2 }, "2026-03-31T10:00:00.000Z"],
  [{ months: 13 }, "2027-02-28T10:00:00.000Z"],
  [{ years: 1 }, "2027-01-31T10:00:00.000Z"],
  [{ hours: 1, minutes: 30 }, "2026-01-31T11:30:00.000Z"],
  [{ seconds: 0, idempotencyKey: "a" }, start],
];

for (const [period, end] of ends) {
  test(`${JSON.stringify(period)} after January 31`, () => {
    assert.equal(new Date(timeAfter(period, Date.parse(start))).toISOString(), end);
  });
}

test("refuses what is no length", () => {
  for (const seconds of [-1, Number.NaN, "5"])
    assert.throws(() => timeAfter({ seconds: seconds as number }, 0), RangeError);
  assert.throws(() => timeAfter({ months: 0.5 }, 0), /no fractions/);
  assert.throws(() => timeAfter({ seconds: Number.POSITIVE_INFINITY }, 0), /end of time/);
});
