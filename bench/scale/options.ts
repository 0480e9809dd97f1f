import { parseArgs } from "node:util";
import { chosen, samplesOf } from "../option-values.ts";
import type { Curve } from "./curve.ts";
import { allCurves } from "./curves/all-curves.ts";

/** What the command line of `scale` asks for. */
export interface ScaleOptions {
  readonly curves: readonly Curve[];
  /** Samples of each size. */
  readonly samples: number;
  readonly isQuick: boolean;
  readonly isFromSource: boolean;
  /** The name of the files in `bench/results`, without their ending; null: the date. */
  readonly name: string | null;
}

/** How the command is used. */
export const scaleUsage = `Usage: npm run bench -- scale [options]

Measures what a run costs while something grows: history, queues, servers, …; writes table, JSON and a chart for each to bench/results.

Options:
  --only NAME,NAME   these curves; what the files have of others stays
  --samples N        samples of each size; default: 3
  --quick            small sizes, one sample: shows that everything works, and is not to be compared
  --source           Pawl from the sources instead of packed: quick, and not to be compared
  --name NAME        name of the result files; default: the date, or "local/scale" with --quick or --source
  --help             print this

Curves:
${allCurves.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join("\n")}
`;

/**
 * Reads the command line of `scale`.
 *
 * @param args - the arguments behind it
 * @returns the options; null when help was asked for
 * @throws Error in one sentence when an argument can't be read
 */
export function parseScaleOptions(args: readonly string[]): ScaleOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      samples: { type: "string" },
      quick: { type: "boolean", default: false },
      source: { type: "boolean", default: false },
      name: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const names = chosen(
    "--only",
    values.only,
    allCurves.map(({ name }) => name),
  );
  return {
    curves: allCurves.filter(({ name }) => names.includes(name)),
    samples: samplesOf(values.samples, values.quick),
    isQuick: values.quick,
    isFromSource: values.source,
    name: values.name ?? (values.quick || values.source ? "local/scale" : null),
  };
}
