import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";

const fileSchema = z.object({
  kind: z.enum(["bench", "peers", "scale"]).default("bench"),
  isQuick: z.boolean().default(false),
  /** Of peers. */
  works: z.array(z.string()).default([]),
  results: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      median: z.number(),
      samples: z.array(z.number()),
      contender: z.string().optional(),
    }),
  ),
});

/** The results of an earlier measurement. */
export type EarlierResults = z.infer<typeof fileSchema>;

/** What `compare` is asked for. */
export interface CompareOptions {
  /** The file of the earlier results. */
  readonly before: string;
  /** The file of the later ones; null: they are measured now. */
  readonly now: string | null;
  /** Options of that measurement. */
  readonly args: readonly string[];
}

/**
 * Reads the command line of `compare`.
 *
 * @param args - the arguments behind it
 * @returns what is asked for
 * @throws Error in one sentence when an argument can't be read
 */
export function parseCompareOptions(args: readonly string[]): CompareOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { samples: { type: "string" }, source: { type: "boolean", default: false } },
  });
  const [before, now = null, ...more] = positionals;
  if (before === undefined || more.length > 0) throw new Error("compare needs one or two result files.");
  const measuring = [
    ...(values.samples === undefined ? [] : ["--samples", values.samples]),
    ...(values.source ? ["--source"] : []),
  ];
  return { before, now, args: measuring };
}

/**
 * Reads a file that the bench has written.
 *
 * @param path - of the file
 * @returns its results
 * @throws Error in one sentence when it is none
 */
export async function readResults(path: string): Promise<EarlierResults> {
  const parsed = fileSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) throw new Error(`${path} is no result file of the bench: ${parsed.error.issues[0]?.message}.`);
  return parsed.data;
}

/**
 * The arguments that measure the same again.
 *
 * @param earlier - what was measured
 * @param args - options for it
 * @returns arguments of the bench, of `peers` or of `scale`
 */
export function argumentsAgain(earlier: EarlierResults, args: readonly string[]): readonly string[] {
  const { kind, isQuick, works, results } = earlier;
  if (kind === "bench") return ["--only", results.map(({ name }) => name).join(","), ...args];
  if (kind === "scale") {
    const curves = new Set(results.map(({ name }) => name.slice(0, name.indexOf("."))));
    const named = ["--only", [...curves].join(","), "--name", "local/compared-scale"];
    return [...named, ...(isQuick ? ["--quick"] : []), ...args];
  }
  const contenders = new Set(results.flatMap(({ contender }) => contender ?? []));
  const measured = ["--only", [...contenders].join(","), "--work", works.join(",")];
  return [...measured, "--name", "local/compared", ...(isQuick ? ["--quick"] : []), ...args];
}
