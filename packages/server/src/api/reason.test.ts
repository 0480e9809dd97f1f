import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunStanding } from "../engine/read-ports.ts";
import { reasonFor } from "./reason.ts";

const idle: RunStanding = {
  state: "queued",
  taskId: "x",
  queueName: "task/x",
  hasTask: true,
  isQueuePaused: false,
  queueLimit: null,
  queueHeld: 0,
  environmentLimit: 10,
  environmentHeld: 0,
  isEnvironmentPaused: false,
  connectedHosts: 1,
  versionLabel: null,
  hasHostWithVersion: true,
  dueAt: null,
};
const dueAt = new Date(0);

const cases: [string, Partial<RunStanding>, RegExp | null, number?][] = [
  ["executing", { state: "executing" }, null],
  [
    "no version has the task",
    { state: "pending_version" },
    /^No version of environment dev has the task x: start a worker/,
  ],
  ["delayed", { state: "delayed", dueAt }, /delayed.*1970-01-01T00:00:00\.000Z/],
  ["between attempts", { state: "delayed", dueAt }, /^Attempt 2 failed.*1970/, 2],
  ["environment paused", { isEnvironmentPaused: true, isQueuePaused: true }, /environment dev is paused/],
  ["queue paused", { isQueuePaused: true, connectedHosts: 0 }, /queue task\/x is paused/],
  ["no host", { connectedHosts: 0 }, /No worker host is connected to environment dev.*pawl dev/],
  [
    "no host has the version it began with",
    { versionLabel: "20260101.1", hasHostWithVersion: false, hasTask: false },
    /began on version 20260101\.1, which no connected worker host has/,
  ],
  ["no host has the current version", { hasHostWithVersion: false }, /has the current version of environment dev yet/],
  ["the current version lost the task", { hasTask: false }, /does not have the task x/],
  ["queue limit", { queueLimit: 2, queueHeld: 2 }, /task\/x is at its limit: 2 of 2/],
  ["environment limit", { environmentHeld: 10 }, /environment dev is at its limit: 10 of 10/],
  ["every process busy", { queueLimit: 2, queueHeld: 1 }, /busy/],
  ["resuming", { state: "resuming", queueLimit: 1, queueHeld: 1 }, /limit: 1 of 1/],
  ["claimed", { state: "claimed" }, /as soon as one of its processes is free/],
  ["waiting", { state: "waiting" }, /waits for what its code awaits/],
  ["cancelling", { state: "cancelling" }, /cancelled/],
];

for (const [name, change, expected, attempt = 0] of cases) {
  test(`explains a run: ${name}`, () => {
    const reason = reasonFor({ ...idle, ...change }, { attempt }, "dev");
    if (expected === null) assert.equal(reason, null);
    else assert.match(reason ?? "", expected);
  });
}
