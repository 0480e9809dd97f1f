import type { RunError } from "@pawl/contract/errors";
import type { LedgerLine } from "../stage/ledger.ts";
import type { RunRow } from "./records.ts";

/** What a trigger call returned. */
export interface Handle {
  readonly number: number;
  readonly taskId: string;
  readonly runId: string;
}

/** What is wrong, and how much there was to look at. */
export interface Verdict {
  readonly findings: readonly string[];
  readonly executions: number;
  /** Attempts whose host or process was killed before the first line of their code. */
  readonly unexecuted: number;
  /** Attempts that ended with the loss of their host or process. */
  readonly lost: number;
}

/** The ledger's lines of one attempt. */
interface Execution {
  readonly starts: readonly LedgerLine[];
  readonly ends: readonly LedgerLine[];
}

/** The reasons that a SIGKILL gives an attempt: its host was lost, or its process was killed by somebody else. */
const hostLossCodes: readonly string[] = ["TASK_RUN_STALLED_EXECUTING", "TASK_RUN_STALLED_EXECUTING_WITH_WAITPOINTS"];
const lossCodes: readonly string[] = [...hostLossCodes, "TASK_PROCESS_SIGKILL_TIMEOUT"];

/** Tasks that wait: one that is lost while it does uses no attempt, and the same attempt begins anew. */
const waitingTasks: readonly string[] = ["waiting", "parent"];

/** How many children a parent has. */
const childCount = 3;

/**
 * Holds what the runs wrote about themselves against what the store says, once nothing is live any more.
 *
 * No run is lost or made twice: each trigger call made one run, the one it returned, and it has an outcome. Executions equal
 * attempts: an execution without an attempt is never allowed, nor two of one attempt, nor an attempt that begins before the
 * one before it has written its last line. An attempt without an execution is allowed only where a SIGKILL came between the
 * commit of its start and its first line, which the attempt's own error says; an attempt that ended by its code's own doing
 * has both of its lines. An attempt of a task that waits may begin several times, since it uses no attempt to be lost while
 * it waits; and yet it has each of its children once, unless an attempt failed in between.
 *
 * @param handles - what the trigger calls returned, each call once
 * @param runs - every run in the store
 * @param ledger - every line of every process
 * @returns the verdict
 */
export function judge(handles: readonly Handle[], runs: readonly RunRow[], ledger: readonly LedgerLine[]): Verdict {
  const findings = [
    ...judgeHandles(
      handles,
      runs.filter(({ parent }) => parent === null),
    ),
    ...judgeChildren(runs),
  ];
  const executionsOf = groupByAttempt(ledger);
  const counts = { executions: 0, unexecuted: 0, lost: 0 };
  for (const run of runs) {
    const executions = executionsOf.get(run.id) ?? new Map<number, Execution>();
    executionsOf.delete(run.id);
    for (const text of [...judgeRun(run), ...judgeOrder(executions), ...judgeAttempts(run, executions)]) {
      findings.push(`${run.id} (${run.taskId}, ${run.outcome}): ${text}`);
    }
    for (const { starts } of executions.values()) counts.executions += starts.length;
    counts.unexecuted += (run.attemptCount ?? 0) - executions.size;
    counts.lost += [...run.failures.values()].filter(isLoss).length;
  }
  for (const runId of executionsOf.keys()) findings.push(`${runId} was executed and is unknown to the store`);
  return { findings, ...counts };
}

function judgeHandles(handles: readonly Handle[], runs: readonly RunRow[]): string[] {
  const findings: string[] = [];
  const byNumber = new Map<number, RunRow>();
  for (const run of runs) {
    const other = byNumber.get(run.number);
    if (other !== undefined) findings.push(`call ${run.number} made two runs: ${other.id} and ${run.id}`);
    byNumber.set(run.number, run);
  }
  for (const { number, runId, taskId } of handles) {
    const run = byNumber.get(number);
    if (run?.id !== runId || run.taskId !== taskId) findings.push(`call ${number} returned ${runId}, which is lost`);
    byNumber.delete(number);
  }
  for (const [number, { id }] of byNumber) findings.push(`run ${id} belongs to call ${number}, which never returned`);
  return findings;
}

/**
 * A parent that never failed by itself, nor by the death of its process alone, has each child once: the loss of a host gives
 * it its waits back. One that has completed has them all.
 */
function judgeChildren(runs: readonly RunRow[]): string[] {
  const childrenOf = new Map<string, RunRow[]>();
  for (const run of runs) {
    if (run.parent !== null) childrenOf.set(run.parent.id, [...(childrenOf.get(run.parent.id) ?? []), run]);
  }
  const findings: string[] = [];
  for (const run of runs.filter(({ taskId }) => taskId === "parent")) {
    const places = (childrenOf.get(run.id) ?? []).map(({ parent }) => parent?.child ?? 0);
    childrenOf.delete(run.id);
    const hasFailed = [...run.failures.values()].some((error) => !isHostLoss(error));
    const different = new Set(places);
    if (!hasFailed && different.size < places.length) findings.push(`${run.id} has the children ${places.join()}`);
    if (run.outcome === "completed" && different.size < childCount) {
      findings.push(`${run.id} completed with the children ${places.join()} only`);
    }
  }
  for (const parentId of childrenOf.keys()) findings.push(`${parentId} has children and is no parent`);
  return findings;
}

/** What the store says of a run has to fit together, and to fit its task. */
function judgeRun({ taskId, outcome, attemptCount, failures }: RunRow): string[] {
  if (outcome === null || attemptCount === null) return ["it has not finished"];
  const findings: string[] = [];
  const failedCount = outcome === "completed" ? attemptCount - 1 : attemptCount;
  const expected = Array.from({ length: failedCount }, (_, index) => index + 1);
  const actual = [...failures.keys()].sort((a, b) => a - b);
  if (actual.join() !== expected.join()) findings.push(`of ${attemptCount} attempts ${actual} have failed`);
  const last = failures.get(attemptCount);
  if (taskId === "once" && attemptCount !== 1) findings.push(`it had ${attemptCount} attempts and may have one`);
  if (taskId === "failing" && outcome === "completed") findings.push("it always throws");
  if (taskId !== "failing" && last !== undefined && !isLoss(last)) findings.push(`it failed: ${JSON.stringify(last)}`);
  return findings;
}

function judgeAttempts(
  { taskId, attemptCount, failures }: RunRow,
  executions: ReadonlyMap<number, Execution>,
): string[] {
  const findings: string[] = [];
  const count = attemptCount ?? 0;
  for (const attempt of executions.keys()) {
    if (attempt > count) findings.push(`attempt ${attempt} is unknown to the store`);
  }
  for (let attempt = 1; attempt <= count; attempt++) {
    const execution = executions.get(attempt) ?? { starts: [], ends: [] };
    const text = judgeAttempt(execution, failures.get(attempt) ?? null, waitingTasks.includes(taskId));
    if (text !== null) findings.push(`attempt ${attempt}: ${text}`);
  }
  return findings;
}

function judgeAttempt({ starts, ends }: Execution, error: RunError | null, mayBeginAgain: boolean): string | null {
  if (starts.length > 1 && !mayBeginAgain) return `it was executed ${starts.length} times`;
  if (ends.length > starts.length) return `it ended ${ends.length} times`;
  if (error !== null && isLoss(error)) return null;
  if (starts.length === 0) return `it was never executed, and no kill explains that: ${JSON.stringify(error)}`;
  const wanted = error === null ? "end" : "throw";
  const [end] = ends;
  return end?.event === wanted ? null : `its code wrote ${end?.event ?? "no end"}, and it is stored as "${wanted}"`;
}

/** An attempt begins after the last sign of the one before. */
function judgeOrder(executions: ReadonlyMap<number, Execution>): string[] {
  const findings: string[] = [];
  const inOrder = [...executions].sort(([a], [b]) => a - b);
  for (const [index, [attempt, { starts }]] of inOrder.entries()) {
    const earlier = inOrder.slice(0, index).flatMap(([, execution]) => [...execution.starts, ...execution.ends]);
    const lastAtMs = Math.max(...earlier.map(({ atMs }) => atMs));
    const firstAtMs = Math.min(...starts.map(({ atMs }) => atMs));
    if (firstAtMs < lastAtMs) {
      findings.push(`attempt ${attempt} began ${lastAtMs - firstAtMs} ms before the one before it was over`);
    }
  }
  return findings;
}

function groupByAttempt(ledger: readonly LedgerLine[]): Map<string, Map<number, Execution>> {
  const byRun = new Map<string, Map<number, Execution>>();
  for (const line of ledger) {
    const ofRun = byRun.get(line.runId) ?? new Map<number, Execution>();
    const { starts, ends } = ofRun.get(line.attempt) ?? { starts: [], ends: [] };
    const isStart = line.event === "start";
    byRun.set(
      line.runId,
      ofRun.set(line.attempt, isStart ? { starts: [...starts, line], ends } : { starts, ends: [...ends, line] }),
    );
  }
  return byRun;
}

function isLoss(error: RunError): boolean {
  return error.type === "INTERNAL_ERROR" && lossCodes.includes(error.code);
}

function isHostLoss(error: RunError): boolean {
  return error.type === "INTERNAL_ERROR" && hostLossCodes.includes(error.code);
}
