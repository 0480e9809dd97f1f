import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "../../report/machine.ts";
import type { StagesResult } from "./tables.ts";

/** Where measurements are kept. */
export const resultsDir = join(import.meta.dirname, "../../results");

/** What the JSON of a measurement holds. */
export interface StagesFile extends StagesResult {
  readonly kind: "stages";
  readonly isQuick: boolean;
  readonly machine: Machine;
}

/**
 * Reads the last measurement that was kept: that of the latest date in its name.
 *
 * @returns its name, its conditions in a sentence and what it found; null where none is
 */
export function readKeptStages(): {
  readonly name: string;
  readonly conditions: string;
  readonly result: StagesResult;
} | null {
  const name = readdirSync(resultsDir)
    .filter((file) => /^stages-.*\.json$/.test(file))
    .sort()
    .at(-1);
  if (name === undefined) return null;
  const file: StagesFile = JSON.parse(readFileSync(join(resultsDir, name), "utf8")); // written by stages/main.ts
  return { name: name.replace(/\.json$/, ""), conditions: conditionsOf(file), result: file };
}

/**
 * Tells what a measurement was taken on.
 *
 * @param file - the measurement
 * @returns a sentence
 */
export function conditionsOf({ machine, floors }: StagesFile): string {
  const { cpu, cores, node, postgres, fdatasyncMs, date, product, loadBefore } = machine;
  const source = product === "source" ? ", from the sources" : "";
  return `Measured on ${date.slice(0, 10)}${source}: ${cpu}, ${cores} cores for client, server, Postgres and worker together; Node ${node.replace("v", "")}, Postgres ${postgres.split(" ")[0]}; one write of 8 KiB and its sync ${fdatasyncMs} ms one after the other, ${floors.idleSyncMs.toFixed(2)} ms at the pace of the loops at idle; load average before ${loadBefore[0]}.`;
}
