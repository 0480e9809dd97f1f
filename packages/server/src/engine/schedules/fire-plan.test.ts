import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScheduleRecord } from "../schedule-ports.ts";
import { parseCron } from "./cron.ts";
import { nextFireAfter, planFires } from "./fire-plan.ts";
import { effectiveAt } from "./fire-window.ts";
import { scheduleRecord } from "./fixtures/schedule-record.ts";

/** Hours and minutes of what a plan fires, and of what it settles. */
function plan(changes: Partial<ScheduleRecord>, now: string) {
  const { fires, through } = planFires(scheduleRecord(changes), new Date(`2026-07-01T${now}Z`));
  const short = (at: Date) => at.toISOString().slice(11, 16);
  return { fires: fires.map(short), through: through === null ? null : short(through) };
}

test("nothing is fired before its time", () => {
  assert.deepEqual(plan({}, "00:59:59.999"), { fires: [], through: null });
  assert.deepEqual(plan({ nextAt: null }, "12:00:00"), { fires: [], through: null });
});

for (const catchUp of ["skip", "last", "all"] as const) {
  test(`a fire that is at most a minute late is fired, with catchUp ${catchUp}`, () => {
    for (const now of ["01:00:00", "01:00:59", "01:01:00"])
      assert.deepEqual(plan({ catchUp }, now), { fires: ["01:00"], through: "01:00" });
  });
}

for (const [catchUp, now, fires, through] of [
  ["skip", "01:01:01", [], "01:00"],
  ["skip", "04:30:00", [], "04:00"],
  ["skip", "04:00:30", ["04:00"], "04:00"],
  ["last", "01:01:01", ["01:00"], "01:00"],
  ["last", "04:30:00", ["04:00"], "04:00"],
  ["last", "04:00:30", ["04:00"], "04:00"],
  ["all", "04:30:00", ["01:00", "02:00", "03:00", "04:00"], "04:00"],
] as const) {
  test(`after being down until ${now}, catchUp ${catchUp} fires ${fires.join(", ") || "nothing"}`, () =>
    assert.deepEqual(plan({ catchUp }, now), { fires, through }));
}

for (const overlap of ["skip", "cancel"] as const) {
  test(`a schedule that does not overlap makes up for one fire a pass (${overlap})`, () => {
    assert.deepEqual(plan({ overlap, catchUp: "all" }, "04:30:00"), { fires: ["01:00"], through: "01:00" });
    const { lastDue } = planFires(scheduleRecord({ overlap, catchUp: "all" }), new Date("2026-07-01T04:30:00Z"));
    assert.equal(lastDue?.toISOString(), "2026-07-01T04:00:00.000Z");
  });
}

test("all makes up for at most a hundred a pass, and goes on where it was", () => {
  const one = scheduleRecord({ cron: "* * * * *", catchUp: "all" });
  const { fires, through } = planFires(one, new Date("2026-07-01T12:00:00Z"));
  assert.equal(fires.length, 100);
  assert.equal(through?.toISOString(), "2026-07-01T02:39:00.000Z");
  assert.equal(nextFireAfter(one, through ?? new Date(0)).nextAt?.toISOString(), "2026-07-01T02:40:00.000Z");
});

test("a schedule of every second loses none to a slow pass, and catches up with no more than that", () => {
  const everySecond = scheduleRecord({ cron: "* * * * * *" });
  const seconds = (one: ScheduleRecord, now: string) =>
    planFires(one, new Date(now)).fires.map((at) => at.toISOString().slice(14, 19));
  assert.deepEqual(seconds(everySecond, "2026-07-01T01:00:02.700Z"), ["00:00", "00:01", "00:02"]);
  assert.deepEqual(seconds(everySecond, "2026-07-01T01:00:09.700Z"), ["00:05", "00:06", "00:07", "00:08", "00:09"]);
  assert.deepEqual(seconds({ ...everySecond, overlap: "skip" }, "2026-07-01T01:00:09.700Z"), ["00:09"]);
});

for (const [name, cron, now] of [
  ["on time", "7 1 * * *", "2026-07-01T01:07:00Z"],
  ["of every second", "*/1 * * * * *", "2026-07-01T01:07:02Z"],
  ["after a day without servers", "7 * * * *", "2026-07-02T01:07:00Z"],
] as const) {
  test(`schedules that share an expression share the times that plans need, ${name}`, (t) => {
    const read = parseCron(cron);
    if (read.kind === "refused") return assert.fail(read.reason);
    const computed = t.mock.method(read.cron, "nextWallTime").mock;
    const one = () => scheduleRecord({ cron, timezone: "Europe/Berlin", nextAt: new Date("2026-07-01T01:07:00Z") });
    planFires(one(), new Date(now));
    const first = computed.callCount();
    assert.ok(first <= 100, `${first} times for the first`);
    for (let count = 0; count < 50; count++) planFires(one(), new Date(now));
    assert.ok(computed.callCount() <= first + 10, `${computed.callCount() - first} times for 50 more`);
  });
}

test("a window puts a fire off, and what is due and late counts from there", () => {
  const one = scheduleRecord({ window: "60m" });
  const nextAt = one.nextAt ?? new Date(0);
  const due = effectiveAt(one, nextAt);
  assert.ok(due > nextAt);
  assert.deepEqual(planFires(one, new Date(due.getTime() - 1)).fires, []);
  assert.deepEqual(planFires(one, due).fires, [nextAt]);
  assert.deepEqual(planFires(one, new Date(due.getTime() + 60_000)).fires, [nextAt]);
  assert.deepEqual(planFires(one, new Date(due.getTime() + 60_001)).fires, []);
  const afterTwo = new Date(due.getTime() + 3_600_000 - 1);
  assert.deepEqual(planFires({ ...one, catchUp: "last" }, afterTwo), {
    fires: [nextAt],
    through: nextAt,
    lastDue: nextAt,
  });
});
