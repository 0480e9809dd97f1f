import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { runtime, type TaskDefinition } from "../runtime.ts";
import { schedules } from "./schedules-api.ts";

beforeEach(() => runtime().tasks.clear());

function definition(id: string): TaskDefinition {
  const found = runtime().tasks.get(id)?.[0];
  assert.ok(found);
  return found;
}

const run = () => 1;

test("registers a task with the schedule that it declares", () => {
  const task = schedules.task({ id: "a", cron: "0 9 * * *", maxDuration: 60, run });
  assert.equal(task.id, "a");
  const { isScheduled, schedule, maxDuration } = definition("a");
  assert.deepEqual([isScheduled, schedule, maxDuration], [true, { cron: "0 9 * * *" }, 60]);
  const policy = { window: "30m", catchUp: "last", overlap: "skip" } as const;
  const where = { timezone: "Europe/Berlin", environments: ["PRODUCTION"] } as const;
  schedules.task({ id: "b", cron: { pattern: "@daily", ...where, ...policy }, run });
  assert.deepEqual(definition("b").schedule, { cron: "@daily", ...where, ...policy });
});

test("a task without a schedule of its own is for those that calls make", () => {
  schedules.task({ id: "a", run });
  const { isScheduled, schedule } = definition("a");
  assert.deepEqual([isScheduled, schedule], [true, undefined]);
});

test("says at once what a schedule lacks", () => {
  const expected = {
    name: "TypeError",
    message:
      'The cron of task a has no pattern. Write it as "0 9 * * *", or as { pattern: "0 9 * * *", timezone: "Europe/Berlin" }.',
  };
  for (const cron of ["", " ", {}, { pattern: "" }, { pattern: 9 }, null, 9]) {
    // @ts-expect-error no such cron, where it is no text
    assert.throws(() => schedules.task({ id: "a", cron, run }), expected, JSON.stringify(cron));
  }
  assert.throws(() => schedules.task({ id: "", cron: "@daily", run }), /A task needs an id/);
  assert.equal(runtime().tasks.size, 0);
});

test("a payload that was written by hand gets dates, and what it leaves out", async () => {
  schedules.task({ id: "a", run });
  const { parsePayload } = definition("a");
  assert.ok(parsePayload);
  const at = new Date("2026-01-01T09:00:00.000Z");
  const whole = {
    type: "DECLARATIVE",
    timestamp: at,
    lastTimestamp: new Date(0),
    timezone: "Europe/Berlin",
    scheduleId: "sched_1",
    externalId: "customer",
    upcoming: [new Date(1)],
  };
  assert.deepEqual(await parsePayload(whole), whole);
  assert.deepEqual(await parsePayload(JSON.parse(JSON.stringify(whole))), whole);
  const byHand = { type: "IMPERATIVE", timezone: "UTC", scheduleId: "sched_by_hand", upcoming: [] };
  assert.deepEqual(await parsePayload({ timestamp: at.toISOString() }), { ...byHand, timestamp: at });
  const beforeMs = Date.now();
  for (const nothing of [undefined, null, "text"]) {
    const { timestamp, ...rest } = (await parsePayload(nothing)) as { timestamp: Date };
    assert.deepEqual(rest, byHand);
    assert.ok(timestamp.getTime() >= beforeMs);
  }
});
