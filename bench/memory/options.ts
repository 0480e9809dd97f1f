import { parseArgs } from "node:util";

/** What the command line of `memory` asks for. */
export interface MemoryOptions {
  /** How long there is load, in minutes; null: ten rounds. */
  readonly minutes: number | null;
  readonly isFromSource: boolean;
  /** The name of the files in `bench/results`, without their ending; null: the date. */
  readonly name: string | null;
}

/** How the command is used. */
export const memoryUsage = `Usage: npm run bench -- memory [options]

Reads the memory of server, host, run processes and Postgres at idle, under load and after each of ten rounds of 10,000 runs.
Fails where a heap grows from round to round.

Options:
  --minutes N   load for so long instead of ten rounds
  --source      Pawl from the sources instead of packed: quick, and not to be compared
  --name NAME   name of the result files; default: the date, or "local/memory" with --source
  --help        print this
`;

/**
 * Reads the command line of `memory`.
 *
 * @param args - the arguments behind it
 * @returns the options; null when help was asked for
 * @throws Error in one sentence when an argument can't be read
 */
export function parseMemoryOptions(args: readonly string[]): MemoryOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: "string" },
      source: { type: "boolean", default: false },
      name: { type: "string" },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) return null;
  const minutes = values.minutes === undefined ? null : Number(values.minutes);
  if (minutes !== null && !(minutes > 0)) throw new Error("--minutes needs a number above zero.");
  return { minutes, isFromSource: values.source, name: values.name ?? (values.source ? "local/memory" : null) };
}
