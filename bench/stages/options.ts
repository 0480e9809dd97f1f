import { parseArgs } from "node:util";

/** What the command line of `stages` asks for. */
export interface StagesOptions {
  readonly isQuick: boolean;
  readonly isFromSource: boolean;
  /** The name of the files in `bench/results`, without their ending; null: the date. */
  readonly name: string | null;
}

/** How the command is used. */
export const stagesUsage = `Usage: npm run bench -- stages [options]

Measures where the time and the processor time of a run go, and what a bare loop needs for the same, and writes tables and
JSON to bench/results. "npm run docs" takes them over into docs/performance.md.

Options:
  --quick            fewer runs: shows that everything works, and is not to be compared
  --source           Pawl from the sources instead of packed: quick, and not to be compared
  --name NAME        name of the result files; default: stages and the date, or "local/stages" with --quick or --source
  --help             print this
`;

/**
 * Reads the command line of `stages`.
 *
 * @param args - the arguments behind it
 * @returns the options; null when help was asked for
 * @throws Error in one sentence when an argument can't be read
 */
export function parseStagesOptions(args: readonly string[]): StagesOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: "boolean", default: false },
      source: { type: "boolean", default: false },
      name: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  return {
    isQuick: values.quick,
    isFromSource: values.source,
    name: values.name ?? (values.quick || values.source ? "local/stages" : null),
  };
}
