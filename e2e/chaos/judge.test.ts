import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunError } from "@pawl/contract/errors";
import type { LedgerLine } from "../stage/ledger.ts";
import { judge } from "./judge.ts";
import type { RunRow } from "./records.ts";

const thrown: RunError = { type: "BUILT_IN_ERROR", name: "Error", message: "no", stackTrace: "" };
const hostLost: RunError = { type: "INTERNAL_ERROR", code: "TASK_RUN_STALLED_EXECUTING" };
const handle = { number: 1, taskId: "quick", runId: "run_1" };

function completed(attemptCount: number, failures: readonly (readonly [number, RunError])[] = []): RunRow {
  return { id: "run_1", taskId: "quick", number: 1, outcome: "completed", attemptCount, failures: new Map(failures) };
}

function line(event: LedgerLine["event"], attempt: number, atMs: number): LedgerLine {
  return { event, runId: "run_1", attempt, atMs };
}

const firstAttempt = [line("start", 1, 1), line("end", 1, 2)];
const secondAttempt = [line("start", 2, 3), line("end", 2, 4)];

test("a run that did what the store says is in order", () => {
  assert.deepEqual(judge([handle], [completed(1)], firstAttempt), {
    findings: [],
    executions: 1,
    unexecuted: 0,
    lost: 0,
  });
  const retried = [line("start", 1, 1), line("throw", 1, 2), ...secondAttempt];
  assert.deepEqual(judge([handle], [completed(2, [[1, hostLost]])], secondAttempt).findings, []);
  assert.deepEqual(judge([handle], [completed(2, [[1, hostLost]])], [line("start", 1, 1), ...secondAttempt]).lost, 1);
  assert.match(judge([handle], [completed(2, [[1, thrown]])], retried).findings.join(), /^$/);
});

test("everything else is found", () => {
  const cases: readonly (readonly [RegExp, ReturnType<typeof judge>])[] = [
    [/returned run_1, which is lost/, judge([handle], [], [])],
    [/made two runs/, judge([handle], [completed(1), { ...completed(1), id: "run_2" }], firstAttempt)],
    [/which never returned/, judge([], [completed(1)], firstAttempt)],
    [/has not finished/, judge([handle], [{ ...completed(1), outcome: null, attemptCount: null }], [])],
    [/executed and is unknown/, judge([], [], firstAttempt)],
    [/attempt 2 is unknown/, judge([handle], [completed(1)], [...firstAttempt, ...secondAttempt])],
    [/executed 2 times/, judge([handle], [completed(1)], [...firstAttempt, line("start", 1, 1)])],
    [/no kill explains/, judge([handle], [completed(1)], [])],
    [/no kill explains/, judge([handle], [completed(2, [[1, thrown]])], secondAttempt)],
    [/wrote no end/, judge([handle], [completed(1)], [line("start", 1, 1)])],
    [/wrote throw/, judge([handle], [completed(1)], [line("start", 1, 1), line("throw", 1, 2)])],
    [/of 2 attempts .* have failed/, judge([handle], [completed(2)], secondAttempt)],
    [/began 3 ms before/, judge([handle], [completed(2, [[1, hostLost]])], [line("start", 1, 6), ...secondAttempt])],
    [/may have one/, judge([], [{ ...completed(2, [[1, hostLost]]), taskId: "once" }], secondAttempt)],
  ];
  for (const [finding, { findings }] of cases) assert.match(findings.join("\n"), finding);
});
