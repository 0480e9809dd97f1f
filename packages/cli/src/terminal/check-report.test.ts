import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import type { Finding } from "@pawl/check";
import { renderCheckReport } from "./check-report.ts";
import { renderCodeFrame } from "./code-frame.ts";

const finding: Finding = {
  rule: "await-trigger",
  severity: "error",
  file: "trigger/mail.ts",
  start: { line: 2, column: 3 },
  end: { line: 2, column: 17 },
  message: "mail.trigger is not awaited.",
  advice: "Write await before it, or return it.",
};
const texts = new Map([["trigger/mail.ts", "run: async () => {\n\tmail.trigger();\n},\n"]]);

const report = (findings: readonly Finding[], files: number) =>
  renderCheckReport({ files, findings, texts }).map(stripVTControlCharacters);

/** The frame of a place in one line or several. */
const frame = (text: string, line: number, column: number, endLine: number, endColumn: number) =>
  renderCodeFrame(text, { line, column }, { line: endLine, column: endColumn }, (mark) => mark).map(
    stripVTControlCharacters,
  );

test("code without a fault is one line", () => {
  assert.deepEqual(report([], 12), ["✔ No problems in 12 files."]);
  assert.deepEqual(report([], 1), ["✔ No problems in 1 file."]);
});

test("a finding has its place, its rule, a sentence, what to do, and the code", () => {
  assert.deepEqual(report([{ ...finding, start: { line: 2, column: 2 } }], 1), [
    "trigger/mail.ts:2:2 error await-trigger",
    "  mail.trigger is not awaited.",
    "  → Write await before it, or return it.",
    "    1 | run: async () => {",
    "  > 2 |   mail.trigger();",
    "      |   ^^^^^^^^^^^^^^^",
    "    3 | },",
    "",
    "✖ 1 error in 1 file.",
  ]);
});

test("what was found is counted by how bad it is", () => {
  const warning: Finding = { ...finding, severity: "warning" };
  const hint: Finding = { ...finding, severity: "hint" };
  assert.equal(report([hint, finding, warning, warning], 3).at(-1), "✖ 1 error, 2 warnings, 1 hint in 3 files.");
  assert.equal(report([hint], 3).at(-1), "! 1 hint in 3 files.");
});

test("a frame marks the first line of several, and a place without a length", () => {
  assert.deepEqual(frame("call(\n  1,\n);", 1, 1, 3, 2), ["> 1 | call(", "    | ^^^^^", "  2 |   1,"]);
  assert.deepEqual(frame("a\nb", 2, 2, 2, 2), ["  1 | a", "> 2 | b", "    |  ^"]);
  assert.deepEqual(frame("", 1, 1, 1, 1), ["> 1 |", "    | ^"]);
  assert.deepEqual(frame("a", 7, 1, 7, 1), []);
});

test("a frame shows a part of a long line, and nothing that steers the terminal", () => {
  const long = `${"x".repeat(10_000)}call()${"y".repeat(10_000)}`;
  const [line = "", mark = ""] = frame(long, 1, 10_001, 1, 10_007);
  assert.ok(line.length < 130);
  assert.equal(line.slice(mark.indexOf("^"), mark.lastIndexOf("^") + 1), "call()");
  assert.deepEqual(frame("\u001b[2J", 1, 1, 1, 2), ["> 1 | ·[2J", "    | ^"]);
});
