import { parseArgs } from "node:util";
import { chosen, samplesOf } from "../option-values.ts";
import { contenders } from "./contenders.ts";
import { type WorkName, workNames } from "./works/work.ts";

/** What the command line of `peers` asks for. */
export interface PeersOptions {
  readonly contenders: readonly string[];
  readonly works: readonly WorkName[];
  readonly samples: number;
  readonly isQuick: boolean;
  readonly isFromSource: boolean;
  /** The name of the files in `bench/results`, without their ending; null: the date. */
  readonly name: string | null;
}

/** How the command is used. */
export const peersUsage = `Usage: npm run bench -- peers [options]

Measures Pawl beside its peers, on one Postgres, in alternating order, and writes table, chart and JSON to bench/results.

Options:
  --only NAME,NAME   these contenders
  --work NAME,NAME   these works
  --samples N        samples of each work; default: 3
  --quick            a few seconds for each work: shows that everything works, and is not to be compared
  --source           Pawl from the sources instead of packed: quick, and not to be compared
  --name NAME        name of the result files; default: the date, or "local/quick" with --quick or --source
  --help             print this

Contenders:
${contenders.map(({ name }) => `  ${name}`).join("\n")}

Works:
${workNames.map((name) => `  ${name}`).join("\n")}
`;

/**
 * Reads the command line of `peers`.
 *
 * @param args - the arguments behind it
 * @returns the options; null when help was asked for
 * @throws Error in one sentence when an argument can't be read
 */
export function parsePeersOptions(args: readonly string[]): PeersOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string" },
      work: { type: "string" },
      samples: { type: "string" },
      quick: { type: "boolean", default: false },
      source: { type: "boolean", default: false },
      name: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const names = contenders.map(({ name }) => name);
  return {
    contenders: chosen("--only", values.only, names),
    works: chosen("--work", values.work, workNames),
    samples: samplesOf(values.samples, values.quick),
    isQuick: values.quick,
    isFromSource: values.source,
    name: values.name ?? (values.quick || values.source ? "local/quick" : null),
  };
}
