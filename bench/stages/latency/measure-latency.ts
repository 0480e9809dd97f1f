import { setTimeout as delay } from "node:timers/promises";
import { fromPublicId } from "@pawl/contract/ids";
import type { System } from "../../system/system.ts";
import type { Recorded } from "../trace/protocol.ts";
import type { Trace } from "../trace/trace.ts";
import { type Passage, type PlacedMoment, type Step, stagesOf } from "./chain.ts";
import { type StageTable, stageTable } from "./stage-table.ts";
import { readStatementTimes, resetStatementTimes, type StatementTime, statementNames } from "./statement-times.ts";
import { roundTrip, singleRun } from "./ways.ts";

const settleMs = 2_000;
const warmUp = 20;
const intervalMs = 50;

/** A way that was measured. */
export interface MeasuredWay {
  readonly table: StageTable;
  /** The steps' names, in the order of the rows. */
  readonly names: readonly string[];
  /** For each complete sample the length of every stage in milliseconds. */
  readonly passages: readonly (readonly number[])[];
  readonly moments: readonly PlacedMoment[];
}

/**
 * Single triggers to an idle, warm worker, one at a time, from before the call until the outcome is committed.
 *
 * @param system - what is measured
 * @param trace - its collectors
 * @param count - how many
 * @returns where the time goes
 */
export async function measureSingleRuns(system: System, trace: Trace, count: number): Promise<MeasuredWay> {
  const { load, rows } = system;
  const trigger = { taskId: "bench.moment", payload: { holdMs: 0 }, intervalMs };
  await load.call("trigger_spaced", { ...trigger, count: warmUp });
  const { result, moments, times } = await traced(system, trace, () =>
    load.call("trigger_spaced", { ...trigger, count }),
  );
  const beganAt = await rows.outputs(result.runs.map(({ runId }) => runId));
  const passages = result.runs.map(({ runId, calledAtNs }) => ({
    ids: idsOf(runId),
    calledAtNs: BigInt(calledAtNs),
    given: { began: BigInt(beganAt.get(runId) ?? 0) },
  }));
  return measured(singleRun, passages, moments, times);
}

/**
 * A parent that waits for one no-op child after the other, from before its call until its code goes on.
 *
 * @param system - what is measured
 * @param trace - its collectors
 * @param count - how many children
 * @returns where the time goes
 */
export async function measureRoundTrips(system: System, trace: Trace, count: number): Promise<MeasuredWay> {
  await trips(system, warmUp);
  const { result, moments, times } = await traced(system, trace, () => trips(system, count));
  const passages = result.map(({ runId, calledAtNs, beganAtNs, endedAtNs }) => ({
    ids: idsOf(runId),
    calledAtNs: BigInt(calledAtNs),
    given: { began: BigInt(beganAtNs), went_on: BigInt(endedAtNs) },
  }));
  return measured(roundTrip, passages, moments, times);
}

/** A child that a parent has waited for, as the task of the bench tells. */
interface Trip {
  readonly runId: string;
  readonly calledAtNs: string;
  readonly beganAtNs: string;
  readonly endedAtNs: string;
}

async function trips({ load, rows }: System, children: number): Promise<readonly Trip[]> {
  const payload = { children, intervalMs };
  const { runs } = await load.call("trigger_at_once", { taskId: "bench.round-trips", payload, count: 1 });
  await rows.awaitAllFinished();
  const outputs = await rows.outputs(runs.map(({ runId }) => runId));
  return [...outputs.values()].flatMap((output) => JSON.parse(output) as readonly Trip[]); // the task returns it
}

/** Does work while the processes note moments and Postgres counts its statements' time. */
async function traced<Result>(system: System, trace: Trace, work: () => Promise<Result>) {
  const { rows, client } = system;
  await rows.awaitAllFinished();
  await rows.settle();
  await delay(settleMs);
  await trace.start("moments");
  await resetStatementTimes(client);
  const result = await work();
  await rows.awaitAllFinished();
  await delay(intervalMs); // the answer of the last statements
  const moments = inOrder(await trace.stop());
  const times = await readStatementTimes(client, statementNames(moments));
  return { result, moments, times };
}

function inOrder(recorded: readonly Recorded[]): readonly PlacedMoment[] {
  const moments = recorded.flatMap(({ role, moments: noted }) => noted.map((moment) => ({ ...moment, role })));
  return moments.sort((one, other) => (BigInt(one.atNs) < BigInt(other.atNs) ? -1 : 1));
}

function idsOf(runId: string): readonly string[] {
  return [runId, fromPublicId("run", runId) ?? runId];
}

function measured(
  steps: readonly Step[],
  passages: readonly Passage[],
  moments: readonly PlacedMoment[],
  times: readonly StatementTime[],
): MeasuredWay {
  const lengths = passages.map((passage) => stagesOf(steps, passage, moments));
  const stages = steps.map(({ stage }) => stage);
  const table = stageTable(stages, lengths, postgresTimes(steps, moments, times));
  const complete = lengths.filter((passage) => passage !== null);
  return { table, names: steps.map(({ name }) => name), passages: complete, moments };
}

/** For each stage that ends with the answer of statements: what those took in Postgres, in the mean of their calls. */
function postgresTimes(
  steps: readonly Step[],
  moments: readonly PlacedMoment[],
  times: readonly StatementTime[],
): ReadonlyMap<number, number> {
  const meanOf = new Map(times.map(({ name, totalMs, calls }) => [name, totalMs / calls]));
  const found = new Map<number, number>();
  for (const [index, { found: sought }] of steps.entries()) {
    if (sought?.channel !== "pawl.statements_answered") continue;
    const answered = moments.filter(({ channel, label }) => channel === sought.channel && sought.label.test(label));
    const sums = answered.map(({ label }) => label.split(",").reduce((sum, name) => sum + (meanOf.get(name) ?? 0), 0));
    found.set(index, sums.reduce((total, sum) => total + sum, 0) / Math.max(1, sums.length));
  }
  return found;
}
