import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describeMachineOf, type Machine } from "../report/machine.ts";
import { type System, startSystem, type Undo } from "../system/system.ts";
import { measureCpu } from "./cpu/measure-cpu.ts";
import { measureFloors } from "./floors/measure-floors.ts";
import { measureRoundTrips, measureSingleRuns } from "./latency/measure-latency.ts";
import type { StagesOptions } from "./options.ts";
import { conditionsOf, resultsDir, type StagesFile } from "./report/kept-stages.ts";
import { renderText, type StagesResult, stagesTables } from "./report/tables.ts";
import { openTrace } from "./trace/trace.ts";

/** How much is measured. */
interface Scale {
  readonly samples: number;
  readonly runs: number;
  readonly rounds: number;
}

const fullScale: Scale = { samples: 200, runs: 20_000, rounds: 3 };
const quickScale: Scale = { samples: 20, runs: 2_000, rounds: 1 };

/**
 * `npm run bench -- stages`: measures where a run's time goes, shows the tables, and writes them and a JSON.
 *
 * @param options - of the command line
 * @param undo - filled with the steps that stop what was started
 * @param onProgress - told what goes on
 */
export async function runStages(options: StagesOptions, undo: Undo, onProgress: (text: string) => void): Promise<void> {
  const traceDir = await mkdtemp(join(tmpdir(), "pawl-trace-"));
  undo.push(() => rm(traceDir, { recursive: true, force: true, maxRetries: 10 }));
  const started = { jsonPath: null, names: new Set<never>(), samples: 1, processes: null, profileDir: null };
  const system = await startSystem({ ...started, isFromSource: options.isFromSource, traceDir }, undo, onProgress);
  const machine = await describeMachineOf(system);
  const measuring = measure(system, traceDir, options.isQuick ? quickScale : fullScale, onProgress);
  const result = await Promise.race([measuring, system.breakdown()]);
  await publish(result, machine, options);
}

async function measure(
  system: System,
  traceDir: string,
  { samples, runs, rounds }: Scale,
  onProgress: (text: string) => void,
): Promise<StagesResult> {
  const trace = openTrace(traceDir);
  await system.worker();
  onProgress("single runs");
  const singleRun = await measureSingleRuns(system, trace, samples);
  onProgress("parents and children");
  const roundTrip = await measureRoundTrips(system, trace, samples);
  onProgress("queued runs");
  const cpu = await measureCpu(system, trace, { runs, rounds });
  onProgress("bare loops");
  const floors = await measureFloors(system, { singleRun, roundTrip, cpu }, { samples: samples / 2, runs });
  return { singleRun: singleRun.table, roundTrip: roundTrip.table, cpu, floors };
}

async function publish(result: StagesResult, machine: Machine, options: StagesOptions): Promise<void> {
  const file: StagesFile = { kind: "stages", isQuick: options.isQuick, machine, ...result };
  const isComparable = !options.isQuick && machine.product === "packed";
  const warning = isComparable ? [] : ["A QUICK LOOK OR FROM SOURCE: not to be compared."];
  const text = [conditionsOf(file), ...warning, "", renderText(stagesTables(result)), ""].join("\n");
  console.log(text);
  const path = join(resultsDir, options.name ?? `stages-${machine.date.slice(0, 10)}`);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(`${path}.json`, `${JSON.stringify(file, null, 2)}\n`);
  await writeFile(`${path}.txt`, text);
  console.log(`Written: ${path}.json and .txt`);
}
