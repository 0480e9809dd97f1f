import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { describeMachineOf } from "../report/machine.ts";
import { openTrace, type Trace } from "../stages/trace/trace.ts";
import { rootDir } from "../system/product.ts";
import { type System, startSystem, type Undo } from "../system/system.ts";
import { growthOf } from "./leaks.ts";
import { loadRound, type Peak, peakOf, runsOfRound } from "./load-round.ts";
import type { MemoryOptions } from "./options.ts";
import { type Reading, read } from "./readings.ts";
import { type MemoryReport, renderMemory } from "./report.ts";

const resultsDir = join(rootDir, "bench/results");
const rounds = 10;
const idleMs = 5_000;

/**
 * `npm run bench -- memory`: reads what the processes use at idle, under load and after each round of it, and writes what it found.
 *
 * @param options - of the command line
 * @param undo - filled with the steps that stop what was started
 * @param onProgress - told what goes on
 * @throws Error in one sentence where a heap grows from round to round
 */
export async function runMemory(options: MemoryOptions, undo: Undo, onProgress: (text: string) => void): Promise<void> {
  const traceDir = await mkdtemp(join(tmpdir(), "pawl-memory-"));
  undo.push(() => rm(traceDir, { recursive: true, force: true, maxRetries: 10 }));
  const { isFromSource, minutes } = options;
  const system = await startSystem(
    {
      ...{ jsonPath: null, names: new Set<never>(), samples: 1, isFromSource },
      ...{ processes: null, profileDir: null, traceDir },
    },
    undo,
    onProgress,
  );
  const machine = await describeMachineOf(system);
  const found = await Promise.race([measure(system, openTrace(traceDir), minutes, onProgress), system.breakdown()]);
  await publish({ machine, ...found }, options);
}

async function measure(system: System, trace: Trace, minutes: number | null, onProgress: (text: string) => void) {
  await system.worker();
  await system.load.call("trigger_spaced", { taskId: "bench.noop", payload: { n: 1 }, count: 20, intervalMs: 20 });
  await system.rows.awaitAllFinished();
  await delay(idleMs);
  const idle = await read(system, trace, 20);
  const peaks: Peak[] = [];
  const readings: Reading[] = [];
  const beganAtMs = performance.now();
  const isOver = () =>
    minutes === null ? peaks.length >= rounds : performance.now() - beganAtMs > minutes * 60_000 && peaks.length > 0;
  while (!isOver()) {
    peaks.push(await loadRound(system));
    const reading = await read(system, trace, peaks.length * runsOfRound);
    readings.push(reading);
    onProgress(`round ${peaks.length}: ${lineOf(reading)}`);
  }
  return { rounds: peaks.length, idle, peak: peakOf(peaks), readings, growth: growthOf(readings) };
}

function lineOf({ processes, postgresMb }: Reading): string {
  const listed = processes.map(({ role, heapMb, rssMb }) => `${role} ${heapMb.toFixed(2)} of ${rssMb.toFixed(0)}`);
  return `heap of RSS, MB: ${listed.join(", ")}; Postgres ${postgresMb.toFixed(0)}`;
}

async function publish(report: MemoryReport, { name }: MemoryOptions): Promise<void> {
  const text = [...renderMemory(report), ""].join("\n");
  console.log(text);
  const path = join(resultsDir, name ?? `memory-${report.machine.date.slice(0, 10)}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify({ kind: "memory", ...report }, null, 2)}\n`);
  await writeFile(`${path}.txt`, text);
  console.log(`Written: ${path}.json and .txt`);
  const leaking = report.growth.filter(({ isLeak }) => isLeak);
  if (leaking.length === 0) return;
  const listed = leaking.map(
    ({ role, heap }) =>
      `the heap of the ${role === "process" ? "run processes" : role} grows by ${heap.slope.toFixed(3)} MB for 10,000 runs (± ${heap.standardError.toFixed(3)})`,
  );
  throw new Error(`A leak: ${listed.join("; ")}.`);
}
