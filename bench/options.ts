import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { type FigureName, figureNamed, figures, isFigureName } from "./figures.ts";

/** What the command line asks for. */
export interface BenchOptions {
  /** Where to write the results as JSON; null: nowhere. */
  readonly jsonPath: string | null;
  /** The figures to measure, with the calibrations that they are compared with. */
  readonly names: ReadonlySet<FigureName>;
  /** How often each is measured. */
  readonly samples: number;
  /** Whether server and worker run from the repository's sources. */
  readonly isFromSource: boolean;
  /** Run processes of the worker; null: its own default. */
  readonly processes: number | null;
  /** Where to write CPU profiles of server, worker and run processes, and Postgres's statements; null: nowhere. */
  readonly profileDir: string | null;
  /** Where collectors in server, host and run processes work (see `stages/trace`); absent: there are none. */
  readonly traceDir?: string;
}

/** How the command is used. */
export const usage = `Usage: npm run bench -- [options]
       npm run bench -- peers [options]               Pawl beside its peers; see peers --help
       npm run bench -- scale [options]               what a run costs while something grows; see scale --help
       npm run bench -- stages [options]              where the time of a run goes; see stages --help
       npm run bench -- memory [options]              memory at idle, under load and after it; see memory --help
       npm run bench -- compare FILE [FILE]           ratios of two result files, or of one and what is measured now

Measures Pawl as a user gets it: packs it, installs it outside the repository, and runs server, worker and load there.

Options:
  --only NAME,NAME   measure these figures, or those whose names begin so (and the calibrations they are compared with)
  --samples N        measure each so often; default: 3
  --json FILE        write machine and results as JSON
  --source           run server and worker from the sources instead: quick, and not comparable
  --processes N      run processes of the worker; default: the worker's own
  --profile DIR      write CPU profiles of server, worker and run processes (which slows them), and Postgres's statements
  --help             print this

Figures:
${figures.map(({ name }) => `  ${name}`).join("\n")}
`;

/**
 * Reads the command line.
 *
 * @param args - the arguments
 * @returns the options; null when help was asked for
 * @throws Error in one sentence when an argument can't be read
 */
export function parseOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      samples: { type: "string", default: "3" },
      json: { type: "string" },
      source: { type: "boolean", default: false },
      processes: { type: "string" },
      profile: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  return {
    jsonPath: values.json === undefined ? null : resolve(values.json),
    names: namesOf(values.only),
    samples: countOf("--samples", values.samples),
    isFromSource: values.source,
    processes: values.processes === undefined ? null : countOf("--processes", values.processes),
    profileDir: values.profile === undefined ? null : resolve(values.profile),
  };
}

function namesOf(only: string | undefined): ReadonlySet<FigureName> {
  if (only === undefined) return new Set(figures.map(({ name }) => name));
  const names = new Set<FigureName>();
  for (const text of only.split(",").map((part) => part.trim())) {
    const meant = isFigureName(text) ? [text] : figures.map(({ name }) => name).filter((name) => name.startsWith(text));
    if (text === "" || meant.length === 0)
      throw new Error(`--only names "${text}", which is no figure: see --help for their names.`);
    for (const name of meant) {
      names.add(name);
      const calibration = figureNamed(name).calibration?.name;
      if (calibration !== undefined && isFigureName(calibration)) names.add(calibration);
    }
  }
  return names;
}

function countOf(option: string, text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`${option} needs a whole number of at least 1, and "${text}" is none.`);
}
