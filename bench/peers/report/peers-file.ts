import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Machine } from "../../report/machine.ts";
import type { ReferenceRow } from "../against-reference.ts";
import type { JudgedBar } from "../bars.ts";
import type { Contender } from "../contender.ts";
import type { Failure } from "../rounds.ts";
import { fullScale, quickScale } from "../works/work.ts";
import type { PeerResult } from "./results.ts";

/** A contender as it is shown. */
export interface ShownContender extends Pick<Contender, "name" | "label" | "role" | "settings" | "lacks"> {
  /** Of its package, with the server's where it has one; null: Pawl. */
  readonly version: string | null;
}

/** What a measurement writes down: table, chart and pages are made from it. */
export interface PeersFile {
  readonly kind: "peers";
  readonly isQuick: boolean;
  readonly works: readonly string[];
  readonly samples: number;
  readonly machine: Machine;
  readonly postgresSettings: readonly string[];
  readonly versions: Readonly<Record<string, string>>;
  readonly contenders: readonly ShownContender[];
  readonly results: readonly PeerResult[];
  readonly bars: readonly JudgedBar[];
  readonly failures: readonly Failure[];
  readonly reference: { readonly source: string; readonly rows: readonly ReferenceRow[] };
  /** Seconds of each work, of all contenders and rounds. */
  readonly durations: readonly { readonly work: string; readonly tookS: number }[];
  /** Seconds from the first sample to the last. */
  readonly tookS: number;
}

/** The folder of results. */
export const resultsDir = join(import.meta.dirname, "../../results");

/**
 * Finds the last measurement that was kept.
 *
 * @returns its name, and what it wrote down; null: there is none
 */
export function readKeptPeers(): { readonly name: string; readonly file: PeersFile } | null {
  const last = readdirSync(resultsDir)
    .filter((name) => /^peers-.+\.json$/.test(name))
    .sort()
    .at(-1);
  if (last === undefined) return null;
  const file = JSON.parse(readFileSync(join(resultsDir, last), "utf8")) as PeersFile; // the bench wrote it
  return { name: last.slice(0, -".json".length), file };
}

/**
 * Finds how a contender is called.
 *
 * @param file - of a measurement
 * @param name - of the contender
 * @returns its label
 */
export function labelIn(file: PeersFile, name: string | null): string {
  return file.contenders.find((contender) => contender.name === name)?.label ?? "";
}

/**
 * How long a measurement waited for those that were killed.
 *
 * @param file - of the measurement
 * @returns seconds
 */
export function crashLimitS({ isQuick }: PeersFile): number {
  return (isQuick ? quickScale : fullScale).crashMs / 1_000;
}
