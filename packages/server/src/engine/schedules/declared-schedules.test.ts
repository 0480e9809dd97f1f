import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultRetryPolicy } from "@pawl/contract/retry";
import type { DeclaredSchedule } from "@pawl/contract/schedule";
import type { TaskManifest } from "@pawl/contract/task-manifest";
import { planDeclared } from "./declared-schedules.ts";
import { refuseTask } from "./schedule-rule.ts";

const now = new Date("2026-07-01T00:00:00Z");

function task(id: string, schedule?: DeclaredSchedule): TaskManifest {
  const queue = { name: `task/${id}` };
  const plain = { id, filePath: `trigger/${id}.ts`, queue, retry: defaultRetryPolicy };
  return schedule === undefined ? plain : { ...plain, isScheduled: true, schedule };
}

test("a declared schedule has its defaults and its first fire", () => {
  const declared = planDeclared([task("plain"), task("daily", { cron: "0 9 * * *" })], "PRODUCTION", now);
  assert.deepEqual(declared, {
    kind: "planned",
    schedules: [
      {
        taskId: "daily",
        cron: "0 9 * * *",
        timezone: "UTC",
        window: null,
        externalId: null,
        catchUp: "skip",
        overlap: "allow",
        nextAt: new Date("2026-07-01T09:00:00Z"),
      },
    ],
  });
});

test("a schedule is left out where it is for other environments", () => {
  const tasks = [
    task("here", { cron: "0 9 * * *", environments: ["STAGING", "PRODUCTION"] }),
    task("elsewhere", { cron: "0 9 * * *", environments: ["DEVELOPMENT"] }),
  ];
  const declared = planDeclared(tasks, "PRODUCTION", now);
  assert.ok(declared.kind === "planned");
  assert.deepEqual(
    declared.schedules.map((schedule) => schedule.taskId),
    ["here"],
  );
});

test("everything that is wrong is named, with task, file and field, wherever it is for", () => {
  const declared = planDeclared(
    [
      task("good", { cron: "0 9 * * *" }),
      task("hour", { cron: "0 25 * * *", environments: ["DEVELOPMENT"] }),
      task("zone", { cron: "0 9 * * *", timezone: "Europe/Berlinn" }),
      task("window", { cron: "*/5 * * * *", window: "10m" }),
    ],
    "PRODUCTION",
    now,
  );
  assert.ok(declared.kind === "refused");
  assert.deepEqual(
    declared.refused.map(({ taskId, filePath, field }) => [taskId, filePath, field]),
    [
      ["hour", "trigger/hour.ts", "cron"],
      ["zone", "trigger/zone.ts", "timezone"],
      ["window", "trigger/window.ts", "window"],
    ],
  );
});

test("a task that schedules can't run is refused with what to do", () => {
  assert.equal(refuseTask("a", "scheduled"), null);
  assert.match(refuseTask("a", "unknown")?.reason ?? "", /no task "a"/);
  assert.match(refuseTask("a", "other")?.reason ?? "", /schedules\.task\(\)/);
});
