import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ComparableResult } from "../report/comparison.ts";
import { describeMachineOf, type Machine } from "../report/machine.ts";
import { rootDir } from "../system/product.ts";
import { startSystem, type Undo, undoAll } from "../system/system.ts";
import type { Curve } from "./curve.ts";
import { measureCurve } from "./measure.ts";
import type { ScaleOptions } from "./options.ts";
import { comparableResults, drawCurve, type MeasuredCurve, renderCurve, toSizeResult } from "./report.ts";

const resultsDir = join(rootDir, "bench/results");
const fullRuns = 10_000;
const quickRuns = 3_000;

/**
 * `npm run bench -- scale`: measures what a run costs while something grows, and writes table, JSON and charts.
 *
 * @param options - of the command line
 * @param undo - filled with the steps that stop what was started
 * @param onProgress - told what goes on
 * @returns the results
 */
export async function runScale(
  options: ScaleOptions,
  undo: Undo,
  onProgress: (text: string) => void,
): Promise<readonly ComparableResult[]> {
  const path = join(resultsDir, options.name ?? `scale-${new Date().toISOString().slice(0, 10)}`);
  await mkdir(dirname(path), { recursive: true });
  const results: ComparableResult[] = [];
  for (const curve of options.curves) {
    const measured = await measure(curve, options, undo, onProgress);
    await publish(path, measured);
    console.log(renderCurve(measured).join("\n"));
    results.push(...comparableResults(measured));
  }
  console.log(`Written: ${path}.json, .txt and a chart for each`);
  return results;
}

async function measure(
  curve: Curve,
  options: ScaleOptions,
  undo: Undo,
  onProgress: (text: string) => void,
): Promise<MeasuredCurve> {
  const { isQuick, isFromSource, samples } = options;
  const systemOptions = {
    ...{ jsonPath: null, names: new Set<never>(), samples, isFromSource },
    ...{ processes: null, profileDir: null },
  };
  const own: Undo = [];
  undo.push(() => undoAll(own));
  const machines: Machine[] = [];
  const runs = isQuick ? quickRuns : fullRuns;
  const sizes = isQuick ? curve.quickSizes : curve.sizes;
  const measured = await measureCurve({
    ...{ curve, sizes, samples, runs, onProgress },
    async startSystem() {
      const system = await startSystem(systemOptions, own, onProgress);
      if (machines.length === 0) machines.push(await describeMachineOf(system));
      return system;
    },
  });
  await undoAll(own);
  const [machine] = machines;
  if (machine === undefined) throw new Error("No system was started.");
  const { name, title, unit } = curve;
  return { name, title, unit, isQuick, runs, machine, sizes: measured.map((size) => toSizeResult(curve, size)) };
}

/** What the files have of other curves stays. */
async function publish(path: string, measured: MeasuredCurve): Promise<void> {
  const earlier = await readFile(`${path}.json`, "utf8").catch(() => null);
  const before: readonly MeasuredCurve[] = earlier === null ? [] : JSON.parse(earlier).curves; // written below
  const curves = [...before.filter(({ name }) => name !== measured.name), measured];
  const results = curves.flatMap(comparableResults);
  const isQuick = curves.some((curve) => curve.isQuick);
  await writeFile(`${path}.json`, `${JSON.stringify({ kind: "scale", isQuick, curves, results }, null, 2)}\n`);
  await writeFile(`${path}.txt`, `${curves.flatMap(renderCurve).join("\n")}\n`);
  await writeFile(`${path}-${measured.name}.svg`, drawCurve(measured));
}
