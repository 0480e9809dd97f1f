import { writeFile } from "node:fs/promises";
import { type BenchOptions, parseOptions, usage } from "./options.ts";
import { describeMachine, type Machine } from "./report/machine.ts";
import { type Result, toResults } from "./report/results.ts";
import { writeStatements } from "./report/statements.ts";
import { renderTable } from "./report/table.ts";
import { measureRounds } from "./rounds.ts";
import { startSystem, undoAll } from "./system/system.ts";

const progress = (text: string) => console.error(text);

/** Steps that stop what was started, from the first one on: an interrupt may come while the system starts. */
const undo: (() => Promise<unknown>)[] = [];
let isInterrupted = false;

async function bench(options: BenchOptions): Promise<void> {
  const system = await startSystem(options, undo, progress);
  const machine = await describeMachine(system, options.processes);
  if ((machine.loadBefore[0] ?? 0) > machine.cores / 2) {
    progress(`The machine does other work (load average ${machine.loadBefore[0]}): expect figures that are too low.`);
  }
  const results = toResults(await measureRounds(system, options, progress), options.names);
  if (options.profileDir !== null) await writeStatements(system, options.profileDir);
  print(machine, results);
  if (options.jsonPath !== null)
    await writeFile(options.jsonPath, `${JSON.stringify({ machine, results }, null, 2)}\n`);
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

/** The options; null when there is nothing to measure. */
function readOptions(): BenchOptions | null {
  try {
    const options = parseOptions(process.argv.slice(2));
    if (options === null) console.log(usage);
    return options;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
    return null;
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) return;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, interrupt);
  try {
    await bench(options);
  } finally {
    await undoAll(undo);
  }
}

await main().catch((error: unknown) => {
  if (isInterrupted) return;
  console.error(error instanceof Error ? (error.stack ?? error.message) : error);
  process.exitCode = 1;
});
