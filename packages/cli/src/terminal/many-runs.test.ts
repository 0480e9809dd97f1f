import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import type { RunList } from "@pawl/contract/api/runs";
import { statusFlags } from "@pawl/contract/run-state";
import { renderBulkPage, renderBulkTable, renderEndedBulkAction } from "./bulk-action.ts";
import { renderProgress } from "./bulk-progress.ts";
import { renderDryRun, sentenceOf } from "./matching-runs.ts";
import { renderRunTable } from "./run-table.ts";

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);

const action: BulkActionObject = {
  id: "bulk_1",
  name: "spring cleaning",
  type: "CANCEL",
  status: "PENDING",
  counts: { total: 1_234, success: 600, failure: 17 },
  createdAt: "2026-01-02T03:04:05.000Z",
};

const list: RunList = {
  data: [
    {
      id: "run_06a4zzzzzzzzzzzzzzzzzzzzzz",
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
      env: { id: "env_1", name: "dev" },
    },
  ],
  pagination: { next: "run_1" },
};

test("it is said how many runs something is about, and of which environment", () => {
  assert.equal(sentenceOf("cancel", { count: 1_234, isExact: true }, "dev"), "This cancels 1,234 runs of dev.");
  assert.equal(sentenceOf("replay", { count: 1, isExact: true }, "prod"), "This replays 1 run of prod.");
  assert.equal(sentenceOf("cancel", { count: 50_000, isExact: false }, undefined), "This cancels 50,000 or more runs.");
});

test("a dry run shows the newest runs and how many there are beside them", () => {
  const lines = plain(renderDryRun("replay", { count: 1_235, isExact: true }, list));
  assert.equal(lines[0], "This would replay 1,235 runs of dev. Nothing was done.");
  assert.match(lines[3] ?? "", /^run_06a4z+ {2}mail\.send {2}QUEUED/);
  assert.equal(lines.at(-1), "and 1,234 older");
  const inexact = plain(renderDryRun("replay", { count: 1_001, isExact: false }, list));
  assert.equal(inexact.at(-1), "and 1,000 or more older");
  assert.deepEqual(renderDryRun("cancel", { count: 0, isExact: true }, { data: [], pagination: {} }), [
    "No unfinished run matches: there is nothing to cancel.",
  ]);
});

test("progress is a line with a rate as soon as there is one", () => {
  const line = (...[rate, isBar]: [number | null, boolean]) =>
    stripVTControlCharacters(renderProgress(action, rate, { isBar }));
  assert.equal(line(null, false), "617 of 1,234 cancelled");
  assert.equal(line(2_300, false), "617 of 1,234 cancelled, 2,300/s");
  assert.equal(line(230, true), "██████████░░░░░░░░░░ 617 of 1,234 cancelled, 230/s");
  const none = { ...action, counts: { total: 0, success: 0, failure: 0 } };
  assert.equal(renderProgress(none, null, { isBar: false }), "Finding the runs …");
});

test("a bulk action that has ended says what was done, and what was not", () => {
  const ended: BulkActionObject = { ...action, status: "COMPLETED", completedAt: "2026-01-02T03:04:07.500Z" };
  const counts = { total: 1_217, success: 1_200, failure: 17 };
  assert.deepEqual(plain(renderEndedBulkAction({ ...ended, counts })), [
    "✔ Cancelled 1,200 runs in 2.5 s",
    "  17 could not be cancelled",
    "  pawl bulk show bulk_1",
  ]);
  assert.deepEqual(plain(renderEndedBulkAction({ ...ended, type: "REPLAY", status: "ABORTED" })).slice(0, 1), [
    "! Replayed 600 runs in 2.5 s, then it was aborted; 617 are as they were",
  ]);
});

test("bulk actions are a table, and one is a page", () => {
  const table = plain(renderBulkTable({ data: [action], pagination: {} }));
  assert.match(table[0] ?? "", /^BULK ACTION {2}ACTION {2}STATUS {3}CREATED +RUNS {2}DONE {2}NOT DONE {2}NAME$/);
  assert.match(table[1] ?? "", /^bulk_1 {7}cancel {2}PENDING .* 1,234 {3}600 {8}17 {2}spring cleaning$/);
  assert.match(
    plain(renderBulkTable({ data: [], pagination: {} })).join(),
    /There are no bulk actions: "pawl runs cancel"/,
  );
  const page = plain(renderBulkPage(action)).join("\n");
  assert.match(
    page,
    /^PENDING {2}cancel {2}bulk_1\n\nname +spring cleaning\n.*\nruns +1,234\ncancelled +600\nnot done +17\n/s,
  );
});

test("runs stand below each other on a narrow terminal, with their whole ids", () => {
  const lines = plain(renderRunTable(list, { isFiltered: false, width: 40 }));
  assert.deepEqual(lines.slice(0, 2), ["run_06a4zzzzzzzzzzzzzzzzzzzzzz", "  task mail.send  status QUEUED"]);
  assert.ok(lines.slice(0, -1).every((line) => line.length <= 40));
  const none = (isFiltered: boolean) => plain(renderRunTable({ data: [], pagination: {} }, { isFiltered })).join();
  assert.equal(none(true), "There are no such runs.");
  assert.equal(none(false), 'There are no runs yet: make one with "pawl trigger <task>".');
});
