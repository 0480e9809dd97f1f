import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCron } from "./cron.ts";
import { firesAfter, lastFireBetween } from "./fire-times.ts";
import { findTimeZone, timeZones } from "./time-zones.ts";

const minuteMs = 60_000;

function fires(cron: string, zone: string, after: string, count: number): readonly string[] {
  return firesAfter(cron, zone, new Date(after), count).map((time) => time.toISOString().slice(0, 16));
}

for (const [what, cron, zone, after, ...expected] of [
  ["a fixed time", "30 9 * * *", "Asia/Kolkata", "2026-01-01T00:00Z", "2026-01-01T04:00", "2026-01-02T04:00"],
  ["summer and winter", "0 9 1 */6 *", "Europe/Berlin", "2026-01-01T09:00Z", "2026-07-01T07:00", "2027-01-01T08:00"],
  [
    "a skipped time, at the end of the skipping",
    "30 2 * * *",
    "Europe/Berlin",
    "2026-03-28T02:00Z",
    "2026-03-29T01:00",
    "2026-03-30T00:30",
  ],
  [
    "several skipped times, once",
    "*/10 2 * * *",
    "Europe/Berlin",
    "2026-03-28T02:00Z",
    "2026-03-29T01:00",
    "2026-03-30T00:00",
  ],
  [
    "a skipped time beside the one after it, once",
    "0 2,3 * * *",
    "Europe/Berlin",
    "2026-03-28T03:00Z",
    "2026-03-29T01:00",
    "2026-03-30T00:00",
  ],
  [
    "every second hour, where one of them is skipped",
    "0 */2 * * *",
    "Europe/Berlin",
    "2026-03-28T23:00Z",
    "2026-03-29T01:00",
    "2026-03-29T02:00",
  ],
  [
    "every hour, where one is skipped",
    "30 * * * *",
    "Europe/Berlin",
    "2026-03-29T00:00Z",
    "2026-03-29T00:30",
    "2026-03-29T01:30",
  ],
  [
    "a time that comes twice, the first time",
    "30 2 * * *",
    "Europe/Berlin",
    "2026-10-24T20:00Z",
    "2026-10-25T00:30",
    "2026-10-26T01:30",
  ],
  [
    "every second hour, where one comes twice",
    "0 */2 * * *",
    "Europe/Berlin",
    "2026-10-24T20:00Z",
    "2026-10-24T22:00",
    "2026-10-25T00:00",
    "2026-10-25T03:00",
  ],
  [
    "a range, where an hour of it comes twice",
    "0 0-3 * * *",
    "America/New_York",
    "2026-11-01T03:00Z",
    "2026-11-01T04:00",
    "2026-11-01T05:00",
    "2026-11-01T07:00",
  ],
  [
    "every hour, where one comes twice",
    "0 * * * *",
    "America/New_York",
    "2026-11-01T04:00Z",
    "2026-11-01T05:00",
    "2026-11-01T06:00",
    "2026-11-01T07:00",
  ],
  ["from within the second of two hours", "*/5 1 * * *", "America/New_York", "2026-11-01T06:10Z", "2026-11-02T06:00"],
  [
    "half an hour that is skipped",
    "15 2 * * *",
    "Australia/Lord_Howe",
    "2026-10-03T12:00Z",
    "2026-10-03T15:30",
    "2026-10-04T15:15",
  ],
  [
    "half an hour that comes twice",
    "45 1 * * *",
    "Australia/Lord_Howe",
    "2026-04-04T12:00Z",
    "2026-04-04T14:45",
    "2026-04-05T15:15",
  ],
  [
    "a midnight that is skipped",
    "0 0 * * *",
    "Africa/Cairo",
    "2026-04-23T00:00Z",
    "2026-04-23T22:00",
    "2026-04-24T21:00",
  ],
  [
    "every hour of one day, the last of which comes twice",
    "15 * 29 10 *",
    "Africa/Cairo",
    "2026-10-29T19:00Z",
    "2026-10-29T19:15",
    "2026-10-29T20:15",
    "2026-10-29T21:15",
    "2027-10-28T22:15",
  ],
] as const) {
  test(`fires: ${what}`, () => assert.deepEqual(fires(cron, zone, after, expected.length), expected));
}

/** The times of a span by the rule itself: each minute of real time is looked at on the clock of the zone. */
function byDefinition(cron: string, zoneName: string, afterMs: number, untilMs: number): readonly number[] {
  const read = parseCron(cron);
  const zone = findTimeZone(zoneName);
  assert.ok(read.kind === "cron" && zone !== null);
  const { isHourly, nextWallTime } = read.cron;
  const found: number[] = [];
  const shown = new Set<number>();
  let lastWall = afterMs - 180 * minuteMs + zone.offsetAt(afterMs - 180 * minuteMs);
  for (let at = afterMs - 180 * minuteMs; at <= untilMs; at += minuteMs) {
    const wall = at + zone.offsetAt(at);
    // What the clock has skipped is due now.
    const skipped = isHourly || wall <= lastWall + minuteMs ? null : nextWallTime(lastWall);
    const isNamed = nextWallTime(wall - 1) === wall || (skipped !== null && skipped < wall);
    if (isNamed && (isHourly || !shown.has(wall)) && at > afterMs) found.push(at);
    shown.add(wall);
    lastWall = wall;
  }
  return found;
}

for (const [zone, day] of [
  ["Europe/Berlin", "2026-03-29"],
  ["Europe/Berlin", "2026-10-25"],
  ["America/New_York", "2026-03-08"],
  ["America/New_York", "2026-11-01"],
  ["Australia/Lord_Howe", "2026-04-05"],
  ["Australia/Lord_Howe", "2026-10-04"],
  ["Africa/Cairo", "2026-04-24"],
  ["Africa/Cairo", "2026-10-30"],
  ["America/St_Johns", "2026-11-01"],
  ["UTC", "2026-03-29"],
  ["Asia/Kolkata", "2026-03-29"],
]) {
  test(`around ${day} in ${zone}, every expression fires as the clock shows, from wherever it is asked`, () => {
    const middle = Date.parse(`${day}T00:00Z`);
    const until = middle + 30 * 60 * minuteMs;
    for (const cron of [
      "* * * * *",
      "*/7 * * * *",
      "0 * * * *",
      "45 * * * *",
      "0 */2 * * *",
      "30 */3 * * *",
      "*/15 0-4 * * *",
      "0,30 1,2,3 * * *",
      "59 1 * * *",
      "10 2 * * *",
      "0 0 * * *",
      "20 23 * * *",
      `5 * ${Number(day?.slice(8))} * *`,
    ]) {
      const all = byDefinition(cron, zone ?? "", middle - 30 * 60 * minuteMs, until);
      for (let after = middle - 30 * 60 * minuteMs; after < middle + 24 * 60 * minuteMs; after += 211 * minuteMs) {
        const expected = all.filter((time) => time > after).slice(0, 12);
        const found = firesAfter(cron, zone ?? "", new Date(after), 12).map((time) => time.getTime());
        const comparable = found.filter((time) => time <= until);
        assert.deepEqual(comparable, expected, `${cron} from ${new Date(after).toISOString()}`);
      }
    }
  });
}

test("times that were computed before are those that would be computed now", () => {
  const one = (after: Date) => firesAfter("*/10 * * * *", "Europe/Berlin", after, 1)[0] ?? new Date(0);
  let at = new Date("2026-10-24T22:00:00Z");
  const stepped = Array.from({ length: 40 }, () => {
    at = one(at);
    return at;
  });
  assert.deepEqual(stepped, firesAfter("*/10 * * * *", "Europe/Berlin", new Date("2026-10-24T22:00:00Z"), 40));
});

for (const [cron, after, until, expected] of [
  ["* * * * * *", "2020-01-01T00:00:00.000Z", "2026-02-05T00:00:00.500Z", "2026-02-05T00:00:00.000Z"],
  ["* * * 1 *", "2020-01-01T00:00:00.000Z", "2026-02-05T00:00:00.000Z", "2026-01-31T23:59:00.000Z"],
  ["0 0 1 1 *", "2020-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.000Z"],
  ["0 0 1 1 *", "2025-01-01T00:00:00.000Z", "2025-12-31T23:59:59.999Z", null],
] as const) {
  test(`the last fire of "${cron}" up to ${until} is ${expected ?? "none"}`, () => {
    const found = lastFireBetween(cron, "UTC", new Date(after), new Date(until));
    assert.equal(found?.toISOString() ?? null, expected);
  });
}

test("there are zones, UTC first, and each can be used", () => {
  const [first, ...others] = timeZones();
  assert.equal(first, "UTC");
  assert.ok(others.length > 300 && !others.includes("UTC"));
  for (const name of ["Europe/Berlin", "US/Eastern", "utc", ...timeZones()]) assert.notEqual(findTimeZone(name), null);
  for (const name of ["", "Mars/Olympus", "+02:00", "Europe/ Berlin"]) assert.equal(findTimeZone(name), null);
});
