import type { Role } from "../stages/trace/protocol.ts";
import type { ProcessMemory, Reading } from "./readings.ts";
import { type Point, type Slope, slopeOf } from "./slope.ts";

/** How the memory of a kind of process grows, in MB for 10,000 runs. */
export interface Growth {
  readonly role: Role;
  readonly heap: Slope;
  readonly rss: Slope;
  readonly isLeak: boolean;
}

const perRuns = 10_000;

/** A process warms before: code is compiled, caches and pools fill. Those of runs are replaced, and each warms by itself. */
const warmReadings: Readonly<Record<Role, number>> = { server: 3, host: 3, process: 4 };

/** Five bytes for each run, less than the smallest thing that can be left behind; in MB for 10,000 runs. */
const tolerance = 0.05;

/**
 * Tells how memory grows from round to round. A heap whose growth is above the tolerance with a certainty of 99 % leaks.
 *
 * @param readings - one after each round
 * @returns the growth of each kind of process
 */
export function growthOf(readings: readonly Reading[]): readonly Growth[] {
  return (["server", "host", "process"] as const).map((role) => {
    const heap = slopeOf(pointsOf(readings, role, ({ heapMb }) => heapMb));
    const rss = slopeOf(pointsOf(readings, role, ({ rssMb }) => rssMb));
    return { role, heap, rss, isLeak: heap.atLeast > tolerance };
  });
}

/** The points of each process of that kind. */
function pointsOf(
  readings: readonly Reading[],
  role: Role,
  mbOf: (memory: ProcessMemory) => number,
): readonly (readonly Point[])[] {
  const points = new Map<number, Point[]>();
  for (const { runs, processes } of readings) {
    for (const memory of processes.filter((one) => one.role === role)) {
      const own = points.get(memory.pid) ?? [];
      points.set(memory.pid, own);
      own.push({ x: runs / perRuns, y: mbOf(memory) });
    }
  }
  return [...points.values()].map((own) => own.slice(warmReadings[role]));
}
