import { toPublicId } from "@pawl/contract/ids";
import type { CancelOutcome, NewRun, RunStore } from "../ports.ts";
import { cancelMany } from "../run/cancel.ts";
import { newRun } from "../run/new-run.ts";
import type { ScheduleMove, ScheduleStore, TakenSchedule, TakenSchedules } from "../schedule-ports.ts";
import { firePayload } from "../schedules/fire-payload.ts";
import { type FirePlan, nextFire, nextFireAfter, planFires } from "../schedules/fire-plan.ts";

/** How many runs one transaction makes: few enough that a trigger beside it hardly waits. */
const arraySize = 170;

/** How many runs one transaction cancels: a schedule that has begun to cancel may have left any number. */
const cancelSize = 500;

/** What a pass needs of the engine around it. */
export interface FireSettings {
  readonly schedules: ScheduleStore;
  readonly runs: RunStore;
  /** Runs were cancelled: their hosts are to be told. */
  readonly onCanceled: (environmentId: string, outcome: CancelOutcome) => void;
  /** Runs of the environment were queued. */
  readonly onQueued: (environmentId: string) => void;
  /** A run is due, or expires, in this many milliseconds. */
  readonly onDue: (dueInMs: number) => void;
  readonly onError: (error: unknown) => void;
}

/** A schedule with what is to be done for it. */
interface Planned {
  readonly schedule: TakenSchedule;
  readonly plan: FirePlan;
}

/**
 * Makes the runs of taken schedules, and moves the schedules on after that: where a server dies between the two, the next one finds
 * the runs, since no fire makes two. What can't be made is told of, and tried again when the schedules can be taken again.
 *
 * @param settings - the engine around it
 * @param taken - what this server has taken
 */
export async function fireTaken(settings: FireSettings, { now, schedules }: TakenSchedules): Promise<void> {
  const planned = schedules.flatMap((schedule) => planOf(settings, schedule, now));
  const unfinished = await findUnfinished(settings.schedules, planned);
  let moving: Promise<void> = Promise.resolve();
  for (const array of arraysOf(planned.map((one) => passBy(one, unfinished)))) {
    try {
      await cancelEarlier(settings, array, unfinished);
      await makeRuns(settings, array);
    } catch (error) {
      settings.onError(error);
      continue;
    }
    await moving;
    moving = settings.schedules.advance(array.map(moveOf)).catch(settings.onError); // while the next runs are made
  }
  await moving;
}

/** None where this server can't read the expression or knows no such zone, as one of another release may. */
function planOf({ onError }: FireSettings, schedule: TakenSchedule, now: Date): readonly Planned[] {
  try {
    return [{ schedule, plan: planFires(schedule, now) }];
  } catch (error) {
    onError(new Error(`${toPublicId("sched", schedule.id)} can't be fired here: ${String(error)}`, { cause: error }));
    return [];
  }
}

/** The unfinished runs of schedules whose runs must not overlap, by the schedules' ids. */
async function findUnfinished(
  store: ScheduleStore,
  planned: readonly Planned[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const asked = new Map<string, { id: string; before: Date }[]>();
  for (const { schedule, plan } of planned) {
    const [first] = plan.fires;
    if (schedule.overlap === "allow" || first === undefined) continue;
    const ofEnvironment = asked.get(schedule.environmentId) ?? [];
    ofEnvironment.push({ id: schedule.id, before: first });
    asked.set(schedule.environmentId, ofEnvironment);
  }
  const found = new Map<string, readonly string[]>();
  for (const [environmentId, ofEnvironment] of asked) {
    for (const [id, runIds] of await store.unfinishedRuns(environmentId, ofEnvironment)) found.set(id, runIds);
  }
  return found;
}

/** Leaves out the fires of a schedule that waits for its earlier runs: their time passes. */
function passBy({ schedule, plan }: Planned, unfinished: ReadonlyMap<string, readonly string[]>): Planned {
  if (schedule.overlap !== "skip" || !unfinished.has(schedule.id)) return { schedule, plan };
  return { schedule, plan: { fires: [], through: plan.lastDue, lastDue: plan.lastDue } };
}

/** Splits schedules so that those of one array make about as many runs as one transaction should. */
function arraysOf(planned: readonly Planned[]): readonly (readonly Planned[])[] {
  const arrays: Planned[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const one of planned) {
    const weight = Math.max(1, one.plan.fires.length);
    if (size + weight > arraySize) {
      arrays.push([]);
      size = 0;
    }
    arrays.at(-1)?.push(one);
    size += weight;
  }
  return arrays;
}

async function cancelEarlier(
  { runs, onCanceled }: FireSettings,
  array: readonly Planned[],
  unfinished: ReadonlyMap<string, readonly string[]>,
): Promise<void> {
  for (const { schedule, plan } of array) {
    if (schedule.overlap !== "cancel" || plan.fires.length === 0) continue;
    const earlier = unfinished.get(schedule.id);
    if (earlier === undefined) continue;
    const { environmentId } = schedule;
    for (let from = 0; from < earlier.length; from += cancelSize) {
      const page = earlier.slice(from, from + cancelSize);
      await cancelMany(runs, environmentId, page, (outcome) => onCanceled(environmentId, outcome));
    }
  }
}

async function makeRuns({ runs, onQueued, onDue }: FireSettings, array: readonly Planned[]): Promise<void> {
  const made = array.flatMap(runsOf);
  if (made.length === 0) return;
  const { nextDueInMs } = await runs.insert(made);
  for (const environmentId of new Set(made.map((run) => run.environmentId))) onQueued(environmentId);
  if (nextDueInMs !== null) onDue(nextDueInMs);
}

function runsOf({ schedule, plan }: Planned): readonly NewRun[] {
  const { environmentId, taskId, id: scheduleId } = schedule;
  return plan.fires.map((at, index) => {
    const payload = firePayload(schedule, at, plan.fires[index - 1] ?? schedule.lastAt);
    return newRun({
      environmentId,
      taskId,
      payload: payload.text ?? null,
      payloadType: payload.type,
      fire: { scheduleId, at },
    });
  });
}

/** A schedule that was looked at too early for its window keeps its next fire. */
function moveOf({ schedule, plan }: Planned): ScheduleMove {
  const { environmentId, id, takenUntil, lastAt } = schedule;
  const next = plan.through === null ? nextFire(schedule, schedule.nextAt) : nextFireAfter(schedule, plan.through);
  return { environmentId, id, takenUntil, lastAt: plan.fires.at(-1) ?? lastAt, ...next };
}
