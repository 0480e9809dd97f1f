import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { QueueItem } from "@pawl/contract/api/queues";
import type { RunDetail } from "@pawl/contract/api/runs";
import { statusFlags } from "@pawl/contract/run-state";
import { renderDoctorReport } from "./doctor-report.ts";
import { renderExplanation } from "./explanation.ts";
import { renderChangedQueue, renderQueueTable } from "./queue-table.ts";
import { renderRate } from "./rate.ts";

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);

const run: RunDetail = {
  id: "run_1",
  status: "QUEUED",
  ...statusFlags("QUEUED"),
  taskIdentifier: "mail.send",
  isTest: false,
  createdAt: "2026-01-02T03:04:05.000Z",
  updatedAt: "2026-01-02T03:04:05.000Z",
  tags: [],
  costInCents: 0,
  baseCostInCents: 0,
  durationMs: 0,
  depth: 0,
  triggerFunction: "trigger",
  relatedRuns: { children: [] },
  attemptCount: 0,
  attempts: [],
  realtimeStreams: [],
};

const emails: QueueItem = {
  id: "queue_1",
  name: "emails",
  type: "custom",
  running: 2,
  queued: 14,
  paused: true,
  concurrencyLimit: 2,
  concurrency: { current: 2, base: 10, override: 2, overriddenAt: null, overriddenBy: null },
  rateLimit: { limit: 100, period: 60_000, burst: 1 },
  combinedRateLimit: null,
};

test("the reason comes first, then each condition with its mark", () => {
  const conditions = [
    { name: "queue_not_paused", holds: true, detail: "The queue emails is not paused." },
    { name: "queue_below_limit", holds: false, detail: "The queue emails executes 2 of 2." },
  ];
  assert.deepEqual(plain(renderExplanation(run, { reason: "The queue emails is full.", conditions })), [
    "The queue emails is full.",
    "QUEUED  mail.send  run_1",
    "",
    "  ✓ The queue emails is not paused.",
    "  ✗ The queue emails executes 2 of 2.",
  ]);
  const done: RunDetail = { ...run, status: "COMPLETED", ...statusFlags("COMPLETED") };
  assert.match(plain(renderExplanation(done, { reason: null, conditions: [] })).join("\n"), /^The run has finished/);
});

test("the doctor names each invariant, shows what breaks one, and sums up", () => {
  const broken = { title: "A queue holds no more runs than its limit", holds: false, count: 7, durationMs: 3 };
  const sound = { title: "A live row belongs to a run", holds: true, count: 0, rows: [], durationMs: 2 };
  const lines = plain(renderDoctorReport({ durationMs: 6, invariants: [sound, { ...broken, rows: [{ held: 3 }] }] }));
  assert.deepEqual(lines, [
    "✓ A live row belongs to a run 2 ms",
    "✗ A queue holds no more runs than its limit 3 ms",
    '    {"held":3}',
    "    and 6 more",
    "",
    "✖ 1 of 2 invariants does not hold (6 ms)",
  ]);
  const late = { ...broken, count: 0, rows: [], skipped: "It took longer than 5 s." };
  assert.deepEqual(plain(renderDoctorReport({ durationMs: 6, invariants: [sound, late] })).slice(1), [
    "– A queue holds no more runs than its limit 3 ms",
    "    It took longer than 5 s.",
    "",
    "✔ 1 invariant held, 1 could not be judged (6 ms)",
  ]);
});

test("queues show what executes of how much may, what waits, and what an operator changed", () => {
  const own: QueueItem = { ...emails, name: "hello", type: "task", paused: false, concurrencyLimit: null };
  const { concurrency: _none, ...plainOwn } = { ...own, rateLimit: null };
  const list = { data: [emails, plainOwn], pagination: { currentPage: 1, totalPages: 2, count: 120 } };
  assert.deepEqual(plain(renderQueueTable(list)), [
    "QUEUE       EXECUTING  QUEUED    RATE",
    "emails          2 / 2      14  100/1m  paused, instead of limit 10",
    "task/hello          2      14       –",
    "There are 120 in all: add --page 2 for more.",
  ]);
  assert.deepEqual(plain(renderQueueTable(list, 40)).slice(0, 5), [
    "emails",
    "  executing 2 / 2  queued 14",
    "  rate 100/1m",
    "  paused, instead of limit 10",
    "task/hello",
  ]);
  assert.deepEqual(plain(renderChangedQueue(emails)), [
    "✔ emails  14 queued, 2 executing, limit 2, rate 100/1m, paused, instead of limit 10",
  ]);
});

test("rates are written as they are set, with what an operator changed", () => {
  const rate = (limit: number, period: number) => ({ limit, period, burst: 1 });
  assert.equal(renderRate(rate(10, 1_000)), "10/1s");
  assert.equal(renderRate(rate(10, 1_500)), "10/1.5s");
  assert.equal(renderRate(rate(10, 90_000)), "10/90s");
  assert.equal(renderRate(rate(10, 7_200_000)), "10/2h");
  const both = { rateLimit: rate(5, 1_000), combinedRateLimit: rate(50, 60_000) };
  const rates = { base: { rateLimit: null, combinedRateLimit: null }, override: both, overriddenAt: null };
  assert.deepEqual(plain(renderChangedQueue({ ...emails, ...both, rates, paused: false })), [
    "✔ emails  14 queued, 2 executing, limit 2, rate 5/1s, 50/1m in all, instead of limit 10, instead of rate none",
  ]);
});
