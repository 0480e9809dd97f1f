import { writeFile } from "node:fs/promises";
import {
  argumentsAgain,
  type CompareOptions,
  type EarlierResults,
  parseCompareOptions,
  readResults,
} from "./earlier-results.ts";
import type { MemoryOptions } from "./memory/options.ts";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import type { PeersOptions } from "./peers/options.ts";
import { type ComparableResult, renderComparison } from "./report/comparison.ts";
import { describeMachineOf, type Machine } from "./report/machine.ts";
import { withPeerRatios } from "./report/peer-ratios.ts";
import { type Result, toResults } from "./report/results.ts";
import { writeStatements } from "./report/statements.ts";
import { renderTable } from "./report/table.ts";
import { measureRounds } from "./rounds.ts";
import type { ScaleOptions } from "./scale/options.ts";
import { startSystem, type Undo, undoAll } from "./system/system.ts";

const progress = (text: string) => console.error(text);

/** Steps that stop what was started, from the first one on: an interrupt may come while the system starts. */
const undo: Undo = [];
let isInterrupted = false;

/** Measures, prints and writes; gives the results. */
async function bench(options: BenchOptions): Promise<readonly Result[]> {
  const system = await startSystem(options, undo, progress);
  const machine = await describeMachineOf(system, options.processes);
  if ((machine.loadBefore[0] ?? 0) > machine.cores / 2) {
    progress(`The machine does other work (load average ${machine.loadBefore[0]}): expect figures that are too low.`);
  }
  const results = toResults(await measureRounds(system, options, progress), options.names);
  if (options.profileDir !== null) await writeStatements(system, options.profileDir);
  print(machine, results);
  if (options.jsonPath !== null)
    await writeFile(options.jsonPath, `${JSON.stringify({ machine, results }, null, 2)}\n`);
  return results;
}

/** Measures Pawl beside its peers; gives the results. */
async function peers(options: PeersOptions): Promise<readonly ComparableResult[]> {
  return (await import("./peers/main.ts")).runPeers(options, undo, progress);
}

/** Measures what a run costs while something grows; gives the results. */
async function scale(options: ScaleOptions): Promise<readonly ComparableResult[]> {
  return (await import("./scale/main.ts")).runScale(options, undo, progress);
}

/** Reads the memory of all processes, round after round; fails where a heap grows. */
async function memory(options: MemoryOptions): Promise<void> {
  await (await import("./memory/main.ts")).runMemory(options, undo, progress);
}

/** Compares two files, or a file with what is measured now. */
async function compare({ before, now, args }: CompareOptions): Promise<void> {
  const earlier = await readResults(before);
  const later = now === null ? await measureAgain(earlier, args) : (await readResults(now)).results;
  console.log(["", ...renderComparison(withPeerRatios(earlier.results), withPeerRatios(later))].join("\n"));
}

async function measureAgain(earlier: EarlierResults, args: readonly string[]): Promise<readonly ComparableResult[]> {
  const asked = argumentsAgain(earlier, args);
  if (earlier.kind === "peers") return peers(mustBe(await peersOptions(asked)));
  if (earlier.kind === "scale") return scale(mustBe(await scaleOptions(asked)));
  return bench(mustBe(parseOptions(asked)));
}

function mustBe<T>(options: T | null): T {
  if (options === null) throw new Error("compare takes no --help behind its files.");
  return options;
}

async function peersOptions(args: readonly string[]): Promise<PeersOptions | null> {
  const { parsePeersOptions, peersUsage } = await import("./peers/options.ts");
  const options = parsePeersOptions(args);
  if (options === null) console.log(peersUsage);
  return options;
}

async function scaleOptions(args: readonly string[]): Promise<ScaleOptions | null> {
  const { parseScaleOptions, scaleUsage } = await import("./scale/options.ts");
  const options = parseScaleOptions(args);
  if (options === null) console.log(scaleUsage);
  return options;
}

/** Measures where the time of a run goes. */
async function stagesCommand(args: readonly string[]): Promise<(() => Promise<void>) | null> {
  const { parseStagesOptions, stagesUsage } = await import("./stages/options.ts");
  const options = parseStagesOptions(args);
  if (options === null) console.log(stagesUsage);
  return options === null ? null : async () => (await import("./stages/main.ts")).runStages(options, undo, progress);
}

async function memoryOptions(args: readonly string[]): Promise<MemoryOptions | null> {
  const { memoryUsage, parseMemoryOptions } = await import("./memory/options.ts");
  const options = parseMemoryOptions(args);
  if (options === null) console.log(memoryUsage);
  return options;
}

function print(machine: Machine, results: readonly Result[]): void {
  const { cpu, cores, node, postgres, commit, loadBefore } = machine;
  const isOnSource = machine.product === "source";
  console.log(
    `${cpu}, ${cores} cores · Node ${node} · Postgres ${postgres} · ${commit} · load before ${loadBefore[0]}`,
  );
  if (isOnSource) console.log("MEASURED FROM SOURCE: not what a user gets, and not to be compared with other results.");
  console.log(["", ...renderTable(results)].join("\n"));
}

/** Stops everything and ends; what breaks meanwhile is nobody's news. */
function interrupt(): void {
  progress("stopping");
  isInterrupted = true;
  void undoAll(undo).finally(() => process.exit(130));
}

/** What the command line asks for; null when there is nothing to do. */
async function readCommand(): Promise<(() => Promise<unknown>) | null> {
  const [command, ...args] = process.argv.slice(2);
  try {
    if (command === "compare") {
      const asked = parseCompareOptions(args);
      return () => compare(asked);
    }
    if (command === "peers") {
      const asked = await peersOptions(args);
      return asked === null ? null : () => peers(asked);
    }
    if (command === "memory") {
      const asked = await memoryOptions(args);
      return asked === null ? null : () => memory(asked);
    }
    if (command === "scale") {
      const asked = await scaleOptions(args);
      return asked === null ? null : () => scale(asked);
    }
    if (command === "stages") return await stagesCommand(args);
    const options = parseOptions(process.argv.slice(2));
    if (options === null) console.log(usage);
    return options === null ? null : () => bench(options);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return null;
  }
}

async function main(): Promise<void> {
  const command = await readCommand();
  if (command === null) return;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
  try {
    await command();
  } finally {
    await undoAll(undo);
  }
}

await main().catch((error: unknown) => {
  if (isInterrupted) return;
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
});
