import { alignColumns } from "../report/columns.ts";
import type { Machine } from "../report/machine.ts";
import type { Role } from "../stages/trace/protocol.ts";
import type { Growth } from "./leaks.ts";
import type { Peak } from "./load-round.ts";
import type { ProcessMemory, Reading } from "./readings.ts";
import type { Slope } from "./slope.ts";

/** What the memory bench found. */
export interface MemoryReport {
  readonly machine: Machine;
  readonly rounds: number;
  readonly idle: Reading;
  readonly peak: Peak;
  /** After each round. */
  readonly readings: readonly Reading[];
  readonly growth: readonly Growth[];
}

const names: Readonly<Record<Role, string>> = { server: "server", host: "host", process: "a run process" };

/**
 * Shows what was found.
 *
 * @param report - of a bench
 * @returns its lines
 */
export function renderMemory({ machine, rounds, idle, peak, readings, growth }: MemoryReport): readonly string[] {
  const last = readings.at(-1) ?? idle;
  const { date, cpu, cores, node, postgres, commit } = machine;
  const headings = ["MB", "heap idle", "heap after", "a 10,000 runs", "RSS idle", "most", "after", "a 10,000 runs", ""];
  const peakOf: Readonly<Record<Role, number>> = {
    server: peak.server,
    host: peak.host,
    process: peak.runProcesses / Math.max(1, peak.processCount),
  };
  const rows = growth.map(({ role, heap, rss, isLeak }) => [
    names[role],
    shown(mean(idle, role, "heapMb")),
    shown(mean(last, role, "heapMb")),
    shownSlope(heap),
    shown(mean(idle, role, "rssMb")),
    shown(peakOf[role]),
    shown(mean(last, role, "rssMb")),
    shownSlope(rss),
    isLeak ? "LEAKS" : "",
  ]);
  const ofPostgres = [
    "Postgres",
    "",
    "",
    "",
    shown(idle.postgresMb),
    shown(peak.postgres),
    shown(last.postgresMb),
    "",
    "",
  ];
  return [
    `${date.slice(0, 16)} · ${cpu}, ${cores} cores · Node ${node} · Postgres ${postgres} · ${commit} · ${rounds} rounds, ${last.runs.toLocaleString("en-US")} runs · at most ${peak.processCount} run processes, ${shown(peak.runProcesses)} MB together`,
    "",
    ...alignColumns([headings, ...rows, ofPostgres], [1, 2, 3, 4, 5, 6, 7]),
  ];
}

function mean({ processes }: Reading, role: Role, part: keyof Pick<ProcessMemory, "heapMb" | "rssMb">): number {
  const own = processes.filter((memory) => memory.role === role);
  return own.reduce((sum, memory) => sum + memory[part], 0) / Math.max(1, own.length);
}

function shownSlope({ slope, standardError }: Slope): string {
  if (!Number.isFinite(standardError)) return "too few";
  return `${slope >= 0 ? "+" : "−"}${Math.abs(slope).toFixed(3)} ± ${standardError.toFixed(3)}`;
}

function shown(value: number): string {
  return value.toFixed(1);
}
