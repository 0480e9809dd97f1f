import type { Recorded, Role } from "../stages/trace/protocol.ts";
import type { Trace } from "../stages/trace/trace.ts";
import { pssOfTree } from "../system/memory.ts";
import type { System } from "../system/system.ts";

/** The memory of a process in MB of 1,000,000 bytes. */
export interface ProcessMemory {
  readonly role: Role;
  readonly pid: number;
  /** What is left after a collection of garbage: JavaScript's heap and the buffers that it refers to. */
  readonly heapMb: number;
  /** Resident; what the collector of garbage has not given back counts. */
  readonly rssMb: number;
}

/** What was read at once. */
export interface Reading {
  /** Runs that have finished before. */
  readonly runs: number;
  readonly processes: readonly ProcessMemory[];
  /** Postgres with its connections, each shared page once. */
  readonly postgresMb: number;
}

/**
 * Collects the garbage of all processes and reads what they use.
 *
 * @param system - with a worker
 * @param trace - of its processes
 * @param runs - that have finished before
 * @returns the reading
 */
export async function read(system: System, trace: Trace, runs: number): Promise<Reading> {
  const processes = (await trace.memory()).flatMap(memoryOf);
  return { runs, processes, postgresMb: await pssOfTree([system.postmasterPid]) };
}

function memoryOf({ role, pid, memory }: Recorded): readonly ProcessMemory[] {
  if (memory === undefined) return [];
  const mb = (bytes: number) => bytes / 1_000_000;
  return [{ role, pid, heapMb: mb(memory.heapUsed + memory.external), rssMb: mb(memory.rss) }];
}
