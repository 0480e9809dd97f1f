import type { System } from "../system/system.ts";
import { type Cost, costOfRuns, totalOf } from "./cost.ts";
import type { Curve } from "./curve.ts";
import { type Reads, timeReads } from "./reads.ts";

/** What was measured at once, or right after one another. */
export interface Beside<T> {
  readonly own: T;
  /** Of the smallest size. */
  readonly smallest: T;
}

/** What was measured of a size. */
export interface MeasuredSize {
  readonly size: number;
  readonly costs: readonly Beside<Cost>[];
  /** Empty where nothing is read. */
  readonly reads: readonly Beside<Reads>[];
}

/** How a curve is measured. */
export interface CurvePlan {
  readonly curve: Curve;
  readonly sizes: readonly number[];
  /** Of each size. */
  readonly samples: number;
  /** Of each sample. */
  readonly runs: number;
  /** Starts a system with fresh data. */
  readonly startSystem: () => Promise<System>;
  readonly onProgress: (text: string) => void;
}

const warmUpRuns = 2_000;

/** A system with a size set up. */
interface Subject {
  cost(runs: number): Promise<Cost>;
  /** Null where nothing is read. */
  readonly reads: (() => Promise<Reads>) | null;
}

/**
 * Measures size after size, each in turn with the smallest, so that other work on the machine meets both alike.
 *
 * @param plan - what, and how often
 * @returns what was measured, by size; of the smallest all that was measured of it
 */
export async function measureCurve(plan: CurvePlan): Promise<readonly MeasuredSize[]> {
  const { curve, sizes, samples, onProgress, startSystem } = plan;
  const [least = 0, ...others] = sizes;
  const first = await startSystem();
  const second = curve.isKept ? await startSystem() : first;
  const subject = curve.isKept ? keptSubject : freshSubject;
  const smallest = await subject(curve, first, least);
  const measured: MeasuredSize[] = [];
  for (const size of others) {
    const label = `${curve.name}, ${size.toLocaleString("en-US")}`;
    onProgress(`${label}: setting up`);
    const own = await subject(curve, second, size);
    const costs: Beside<Cost>[] = [];
    for (let sample = 0; sample < samples; sample++) {
      const taken = await inTurn({ own, smallest }, (one) => one.cost(plan.runs), sample % 2 === 1);
      costs.push(taken);
      onProgress(`${label}: ${shown(taken.own)}; beside it ${shown(taken.smallest)}`);
    }
    measured.push({ size, costs, reads: await readsOf({ own, smallest }) });
  }
  const both = <T>(all: readonly Beside<T>[]) => all.map((one) => ({ own: one.smallest, smallest: one.smallest }));
  const costs = both(measured.flatMap((one) => one.costs));
  return [{ size: least, costs, reads: both(measured.flatMap((one) => one.reads)) }, ...measured];
}

async function inTurn<T>(
  subjects: Beside<Subject>,
  measure: (subject: Subject) => Promise<T>,
  isOwnFirst: boolean,
): Promise<Beside<T>> {
  if (isOwnFirst) return { own: await measure(subjects.own), smallest: await measure(subjects.smallest) };
  const smallest = await measure(subjects.smallest);
  return { own: await measure(subjects.own), smallest };
}

async function readsOf({ own, smallest }: Beside<Subject>): Promise<readonly Beside<Reads>[]> {
  return own.reads === null || smallest.reads === null
    ? []
    : [{ smallest: await smallest.reads(), own: await own.reads() }];
}

/** What is set up stays. */
async function keptSubject(curve: Curve, system: System, size: number): Promise<Subject> {
  const scene = await curve.arrange(system, size);
  await system.worker();
  await costOfRuns(system, scene, warmUpRuns);
  const { toRead } = scene;
  return {
    cost: (runs) => costOfRuns(system, scene, runs),
    reads: toRead === undefined ? null : () => timeReads(system, toRead),
  };
}

/** Each sample is set up anew, and taken down. */
async function freshSubject(curve: Curve, system: System, size: number): Promise<Subject> {
  return {
    async cost(runs) {
      const scene = await curve.arrange(system, size);
      await costOfRuns(system, scene, warmUpRuns);
      const cost = await costOfRuns(system, scene, runs);
      await scene.stop();
      return cost;
    },
    reads: null,
  };
}

function shown(cost: Cost): string {
  return `${Math.round(totalOf(cost))} µs a run, ${Math.round(cost.perSecond)}/s`;
}
