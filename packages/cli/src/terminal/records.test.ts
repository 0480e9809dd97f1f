import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { renderRecords } from "./records.ts";
import { timeFromNow } from "./time-from-now.ts";

const plain = (lines: readonly string[]) => lines.map(stripVTControlCharacters);
const columns = [{ title: "RUN" }, { title: "TASK" }, { title: "MS", isFigure: true }, { title: "" }];
const rows = [
  ["run_06a4zzzz", "mail.send", "12", pc.yellow("paused")],
  ["run_06a4yyyy", "–", "7", ""],
];

test("records are a table where there is room for it", () => {
  assert.deepEqual(plain(renderRecords(columns, rows, 80)), [
    "RUN           TASK       MS",
    "run_06a4zzzz  mail.send  12  paused",
    "run_06a4yyyy  –           7",
  ]);
  assert.equal(renderRecords(columns, rows, 35).length, 3);
});

test("where the table is too wide, records stand below each other, and no line is wider than the terminal", () => {
  assert.deepEqual(plain(renderRecords(columns, rows, 34)), [
    "run_06a4zzzz",
    "  task mail.send  ms 12  paused",
    "run_06a4yyyy",
    "  ms 7",
  ]);
  assert.deepEqual(plain(renderRecords(columns, rows, 18)).slice(0, 3), [
    "run_06a4zzzz",
    "  task mail.send",
    "  ms 12  paused",
  ]);
});

test("a moment is told from now in its two largest units", () => {
  const now = new Date("2026-01-02T12:00:00Z");
  const after = (seconds: number) => timeFromNow(new Date(now.getTime() + seconds * 1_000), now);
  assert.equal(after(0.4), "now");
  assert.equal(after(59.6), "in 1m");
  assert.equal(after(200), "in 3m 20s");
  assert.equal(after(3_600), "in 1h");
  assert.equal(after(86_400 * 3 + 59 * 60), "in 3d");
  assert.equal(after(-7_500), "2h 5m ago");
});
