import assert from "node:assert/strict";
import { test } from "node:test";
import { newUuid } from "@pawl/contract/ids";
import { parseCron } from "./cron.ts";
import { effectiveAt, refuseWindow } from "./fire-window.ts";

const at = new Date("2026-07-01T00:00:00Z");

function schedule(window: string | null, cron = "0 * * * *") {
  return { id: newUuid(), cron, timezone: "UTC", window };
}

test("without a window a fire is due at its nominal time", () => {
  for (const window of [null, "0m", "0%"]) assert.deepEqual(effectiveAt(schedule(window), at), at);
});

test("a schedule has one place in its window, and many spread over it", () => {
  const one = schedule("30m");
  assert.deepEqual(effectiveAt(one, at), effectiveAt(one, at));
  const offsets = Array.from({ length: 1_000 }, () => effectiveAt(schedule("30m"), at).getTime() - at.getTime());
  assert.ok(offsets.every((offset) => offset >= 0 && offset < 30 * 60_000));
  const perTenth = Array.from(
    { length: 10 },
    (_, tenth) => offsets.filter((o) => Math.floor(o / 180_000) === tenth).length,
  );
  assert.ok(
    perTenth.every((count) => count > 50),
    String(perTenth),
  );
});

test("a percentage is of the time until the next fire", () => {
  const one = schedule("50%", "0 0,1 * * *");
  const offset = (from: Date) => effectiveAt(one, from).getTime() - from.getTime();
  const [short, long] = [offset(at), offset(new Date("2026-07-01T01:00:00Z"))];
  assert.ok(short < 30 * 60_000);
  assert.ok(Math.abs(long - 23 * short) < 23);
});

for (const [cron, window, shortest] of [
  ["*/5 * * * *", "6m", "5m"],
  ["0 9,17 * * *", "9h", "8h"],
  ["*/30 * * * * *", "1m", "30s"],
] as const) {
  test(`a window of ${window} is too long for "${cron}"`, () => {
    assert.ok(refuseWindow(cron, window)?.includes(`which is ${shortest}`));
  });
}

test("a window that fits is taken", () => {
  for (const [cron, window] of [
    ["*/5 * * * *", "5m"],
    ["0 0 * * *", "24h"],
    ["* * * * * *", "100%"],
    ["* * * * * *", null],
    ["0 0 1 1 *", "24h"],
  ] as const)
    assert.equal(refuseWindow(cron, window), null);
});

test("what an expression's shortest interval is, is found once", (t) => {
  const read = parseCron("17 3 * * *");
  if (read.kind === "refused") return assert.fail(read.reason);
  const computed = t.mock.method(read.cron, "nextWallTime").mock;
  for (const window of ["10m", "2h", "24h"]) assert.equal(refuseWindow("17 3 * * *", window), null);
  assert.ok(computed.callCount() <= 501, `${computed.callCount()} times`);
});
