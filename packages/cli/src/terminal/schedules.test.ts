import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { ScheduleObject } from "@pawl/contract/api/schedules";
import { theOneNamed } from "../api/schedules.ts";
import { dateAndTime } from "./clock.ts";
import { renderChangedSchedule, renderSchedulePage, renderScheduleTable } from "./schedules.ts";

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);
const now = new Date("2026-01-02T06:00:00Z");
const nextRun = "2026-01-02T08:00:00.000Z";
const next = dateAndTime(new Date(nextRun));

const made: ScheduleObject = {
  id: "sched_1",
  type: "IMPERATIVE",
  task: "report",
  active: true,
  deduplicationKey: "report-acme",
  externalId: "acme",
  generator: { type: "CRON", expression: "0 9 * * *", description: "At 09:00 AM" },
  timezone: "Europe/Berlin",
  window: "30m",
  catchUp: "last",
  overlap: "skip",
  nextRun,
  nextRunEffectiveAt: "2026-01-02T08:12:00.000Z",
  environments: [],
};
const declared: ScheduleObject = {
  ...made,
  id: "sched_2",
  type: "DECLARATIVE",
  task: "tidy",
  active: false,
  deduplicationKey: null,
  nextRun: null,
};
const pagination = { currentPage: 1, totalPages: 2, count: 120 };

test("schedules are a table by the names that people know them by, with their next time", () => {
  assert.deepEqual(plain(renderScheduleTable({ data: [made, declared], pagination }, now)), [
    `SCHEDULE     TASK    RUNS         ZONE           NEXT${" ".repeat(24)}KIND     ID`,
    `report-acme  report  At 09:00 AM  Europe/Berlin  in 2h  ${next}  by call  sched_1`,
    `tidy         tidy    At 09:00 AM  Europe/Berlin  not active${" ".repeat(18)}in code  sched_2`,
    "There are 120 in all: add --page 2 for more.",
  ]);
  const narrow = plain(renderScheduleTable({ data: [made], pagination }, now, 40));
  assert.deepEqual(narrow.slice(0, 2), ["report-acme", "  task report  runs At 09:00 AM"]);
  assert.ok(
    narrow.slice(0, -1).every((line) => line.length <= 40),
    narrow.join("\n"),
  );
});

test("where there are none, it is said how to make one", () => {
  const none = plain(renderScheduleTable({ data: [], pagination: { ...pagination, totalPages: 0 } }, now)).join("\n");
  assert.match(none, /schedules\.task\(\{ id, cron, run \}\)/);
  assert.match(none, /pawl schedules create <task> '0 9 \* \* \*' --key <key>/);
});

test("a schedule shows its rule, when it starts next, and where its runs are", () => {
  const page = plain(renderSchedulePage(made, now)).join("\n");
  assert.match(page, /^report-acme {2}by call {2}sched_1\n/);
  assert.match(page, /cron +0 9 \* \* \*\n/);
  assert.ok(page.includes(`starts at    ${dateAndTime(new Date("2026-01-02T08:12:00Z"))}`), page);
  assert.match(page, /external id +acme\n\nIts runs: pawl runs --schedule sched_1$/);
  assert.match(plain(renderSchedulePage(declared, now)).join("\n"), /next +not active\n/);
});

test("a change shows how the schedule stands", () => {
  assert.deepEqual(plain(renderChangedSchedule(made, now)), [
    "✔ report-acme  sched_1",
    "  report: At 09:00 AM, Europe/Berlin",
    `  next in 2h  ${next}`,
  ]);
  assert.equal(plain(renderChangedSchedule(declared, now)).at(-1), "  not active");
});

test("a schedule is found by its key or by its task, and a typing error is told", () => {
  const all = [made, declared];
  assert.equal(theOneNamed("report-acme", all).id, "sched_1");
  assert.equal(theOneNamed("tidy", all).id, "sched_2");
  assert.throws(() => theOneNamed("tidi", all), { message: "There is no schedule tidi: did you mean tidy?" });
  assert.throws(() => theOneNamed("xxxxxxxx", all), { details: ["report-acme", "tidy"] });
  assert.throws(() => theOneNamed("x", []), /there are none yet/);
  const same = { ...made, id: "sched_3", deduplicationKey: "tidy" };
  assert.throws(() => theOneNamed("tidy", [...all, same]), { details: ["sched_2 of tidy", "sched_3 of report"] });
});
