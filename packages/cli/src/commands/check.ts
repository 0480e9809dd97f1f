import { readFile } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Finding } from "@pawl/check";
import { Command } from "commander";
import { CommandError } from "../command-error.ts";
import { loadEnvironmentFile } from "../environment-file.ts";
import { type CheckReport, renderCheckReport } from "../terminal/check-report.ts";
import { createOutput } from "../terminal/output.ts";

interface CheckFlags {
  readonly strict?: boolean;
  readonly json?: boolean;
}

/**
 * `pawl check`: what is wrong with the code of tasks.
 *
 * @returns the command
 */
export function checkCommand(): Command {
  return new Command("check")
    .description("Find mistakes in the code of your tasks; exit 1 when there is an error.")
    .argument("[files...]", "what to report on; default: all task files of the project in this folder")
    .option("--strict", "exit 1 for a warning, too")
    .option("--json", "print one JSON value, for programs")
    .addHelpText(
      "after",
      "\nA comment '// pawl-check-ignore <rule>' silences a rule on the line after it.\n\nExample:\n  $ pawl check\n  $ pawl check --strict trigger/mail.ts",
    )
    .action(check);
}

async function check(files: readonly string[], flags: CheckFlags): Promise<void> {
  const output = createOutput(flags);
  const report = await checkProject(process.cwd(), files);
  output.lines(renderCheckReport(report));
  output.json(reportAsJson(report));
  const isFailed = report.findings.some(
    ({ severity }) => severity === "error" || (severity === "warning" && flags.strict === true),
  );
  if (isFailed) process.exitCode = 1;
}

/** All files of the project are read, since a task in one is used in another; `named` are those that are reported on. */
async function checkProject(dir: string, named: readonly string[]): Promise<CheckReport> {
  loadEnvironmentFile(dir); // the configuration may read it
  const [{ loadProject }, { checkFiles }] = await Promise.all([import("@pawl/build"), import("@pawl/check")]);
  const { config, taskFiles } = await loadProject(dir);
  const wanted = named.map((file) => resolve(dir, file));
  const paths = [...new Set([...taskFiles, ...wanted])];
  const texts = new Map(
    await Promise.all(paths.map(async (path) => [relative(dir, path), await textOf(path)] as const)),
  );
  const findings = checkFiles(
    [...texts].map(([path, text]) => ({ path, text })),
    { hasRetryDefault: hasRetryDefault(config.retries), hasMaxDuration: config.maxDuration !== undefined },
  );
  const reported = new Set((named.length === 0 ? taskFiles : wanted).map((path) => relative(dir, path)));
  return { files: reported.size, findings: findings.filter(({ file }) => reported.has(file)), texts };
}

function hasRetryDefault(retries: unknown): boolean {
  return typeof retries === "object" && retries !== null && "default" in retries && retries.default !== undefined;
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EISDIR")
      throw new CommandError(`${path} is a folder: give files, or none to check all of the project.`);
    const reason = code === "ENOENT" ? "there is no such file" : code;
    throw new CommandError(`${path} can't be read (${reason}): correct its name.`, { cause: error });
  }
}

function reportAsJson({ files, findings }: CheckReport): unknown {
  const count = (severity: Finding["severity"]) => findings.filter((finding) => finding.severity === severity).length;
  return { files, errors: count("error"), warnings: count("warning"), hints: count("hint"), findings };
}
