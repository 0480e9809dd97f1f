import assert from "node:assert/strict";
import { test } from "node:test";
import { describeCron, parseCron } from "./cron.ts";

const start = Date.UTC(2026, 0, 1);

/** The first wall clock times of an expression, from the beginning of 2026. */
function times(text: string, count: number): readonly string[] {
  const read = parseCron(text);
  assert.ok(read.kind === "cron", read.kind === "refused" ? read.reason : "");
  const found: string[] = [];
  let at = start - 1;
  while (found.length < count) {
    const next = read.cron.nextWallTime(at);
    if (next === null) break;
    found.push(new Date(next).toISOString().slice(0, 19));
    at = next;
  }
  return found;
}

for (const [text, ...expected] of [
  ["0 */2 * * *", "2026-01-01T00:00:00", "2026-01-01T02:00:00"],
  ["*/20 * * * * *", "2026-01-01T00:00:00", "2026-01-01T00:00:20"],
  ["0 0 L * *", "2026-01-31T00:00:00", "2026-02-28T00:00:00"],
  ["0 0 * * 1L", "2026-01-26T00:00:00", "2026-02-23T00:00:00"],
  ["0 0 * * 7L", "2026-01-25T00:00:00"],
  ["0 0 * * 7", "2026-01-04T00:00:00"],
  ["0 0 * * 0", "2026-01-04T00:00:00"],
  ["0 9 * * mon-FRI", "2026-01-01T09:00:00", "2026-01-02T09:00:00", "2026-01-05T09:00:00"],
  ["0 0 1 jan,JUL *", "2026-01-01T00:00:00", "2026-07-01T00:00:00"],
  ["0 0 13 * 5", "2026-01-02T00:00:00", "2026-01-09T00:00:00", "2026-01-13T00:00:00"],
  ["0 0 29 2 *", "2028-02-29T00:00:00"],
  [" 5  4 * * * ", "2026-01-01T04:05:00"],
  ["@daily", "2026-01-01T00:00:00", "2026-01-02T00:00:00"],
  ["@Hourly", "2026-01-01T00:00:00", "2026-01-01T01:00:00"],
  ["@weekly", "2026-01-04T00:00:00"],
  ["@yearly", "2026-01-01T00:00:00", "2027-01-01T00:00:00"],
] as const) {
  test(`"${text}" names the times that it says`, () => assert.deepEqual(times(text, expected.length), expected));
}

for (const [text, reason] of [
  ["", /no fields.*five/],
  ["* * *", /3 fields.*five.*six/],
  ["* * * * * * *", /seven fields.*years/],
  ["60 * * * *", /"60" is no minute .*0-59/],
  ["* 24 * * *", /"24" is no hour .*0-23/],
  ["0 0 32 * *", /"32" is no day of month .*1-31/],
  ["0 0 * 13 *", /"13" is no month .*1-12/],
  ["0 0 * * FUN", /"FUN" is no day of week/],
  ["0 0 * * 8L", /"8L" is no day of week/],
  ["61 * * * * *", /"61" is no second/],
  ["5/15 * * * *", /"5\/15" is no minute/],
  ["0 0 31 2 *", /never fires/],
  ["0 0 30 FEB *", /never fires/],
  ["@every 5m", /no nickname/],
  ["@reboot", /no nickname/],
  ["2027-01-01T00:00:00", /1 field:/],
  ["every day", /2 fields/],
] as const) {
  test(`"${text}" is refused with what is wrong`, () => {
    const read = parseCron(text);
    assert.ok(read.kind === "refused");
    assert.match(read.reason, reason);
    assert.ok(read.reason.includes(`"${text}"`));
  });
}

test("only an hour of * goes by hours that pass", () => {
  const isHourly = (text: string) => {
    const read = parseCron(text);
    return read.kind === "cron" && read.cron.isHourly;
  };
  assert.deepEqual(["* * * * *", "30 * * * * *", "@hourly", "0 */1 * * *", "0 0-23 * * *", "@daily"].map(isHourly), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});

test("an expression is said in words", () => {
  assert.equal(describeCron("*/5 * * * *"), "Every 5 minutes");
  assert.equal(describeCron("*/5 * * * * *"), "Every 5 seconds");
  assert.equal(describeCron("0 0 L * *"), "At 12:00 AM, on the last day of the month");
  assert.equal(describeCron("@weekly"), "At 12:00 AM, only on Sunday");
  assert.equal(describeCron("no words"), "no words");
});
