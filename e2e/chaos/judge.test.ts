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
  const failed = { attemptCount, failures: new Map(failures) };
  return { id: "run_1", taskId: "quick", createdAtMs: 0, number: 1, parent: null, outcome: "completed", ...failed };
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

const parent: RunRow = { ...completed(1), taskId: "parent" };
const parentHandle = { ...handle, taskId: "parent" };

function childOf(place: number, id = `run_c${place}`): RunRow {
  return { ...completed(1), id, taskId: "child", parent: { id: "run_1", child: place } };
}

function executed(...ids: readonly string[]): readonly LedgerLine[] {
  return ids.flatMap((runId) => firstAttempt.map((each) => ({ ...each, runId })));
}

test("a parent that was lost while it waited began again, and has each child once", () => {
  const family = [parent, childOf(1), childOf(2), childOf(3)];
  const ids = family.map(({ id }) => id);
  const begunTwice = [line("start", 1, 1), ...executed(...ids)];
  assert.deepEqual(judge([parentHandle], family, begunTwice).findings, []);
  const twins = judge([parentHandle], [...family, childOf(3, "run_c4")], executed(...ids, "run_c4")).findings;
  assert.match(twins.join(), /run_1 has the children 1,2,3,3/);
  const few = judge([parentHandle], family.slice(0, 3), executed(...ids.slice(0, 3))).findings;
  assert.match(few.join(), /completed with the children 1,2 only/);
  const lost = { ...parent, ...completed(2, [[1, hostLost]]), taskId: "parent" };
  const lostLines = [line("start", 1, 1), ...secondAttempt, ...executed(...ids.slice(1), "run_c4")];
  const doubled = judge([parentHandle], [lost, ...family.slice(1), childOf(1, "run_c4")], lostLines).findings;
  assert.match(doubled.join(), /run_1 has the children 1,2,3,1/, "a lost host is no reason");
  const threw = { ...parent, ...completed(2, [[1, thrown]]), taskId: "parent" };
  const lines = [line("start", 1, 1), line("throw", 1, 2), ...secondAttempt, ...executed(...ids.slice(1), "run_c4")];
  assert.deepEqual(judge([parentHandle], [threw, ...family.slice(1), childOf(1, "run_c4")], lines).findings, []);
  assert.match(
    judge([handle], [completed(1), childOf(1)], executed("run_1", "run_c1")).findings.join(),
    /is no parent/,
  );
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
