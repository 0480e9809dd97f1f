import type { Finding, Severity } from "@pawl/check";
import pc from "picocolors";
import { renderCodeFrame } from "./code-frame.ts";

/** What a check of code has found. */
export interface CheckReport {
  /** How many files it is about. */
  readonly files: number;
  readonly findings: readonly Finding[];
  /** The code of each file, by its path in the findings. */
  readonly texts: ReadonlyMap<string, string>;
}

const colors: Readonly<Record<Severity, (text: string) => string>> = {
  error: pc.red,
  warning: pc.yellow,
  hint: pc.cyan,
};

/**
 * What is wrong with the code of tasks: each place with its rule, a sentence, what to do, and the code; at the end a count.
 *
 * @param report - what was found
 * @returns the lines for the terminal
 */
export function renderCheckReport({ files, findings, texts }: CheckReport): readonly string[] {
  const checked = `${files} ${files === 1 ? "file" : "files"}`;
  if (findings.length === 0) return [`${pc.green("✔")} No problems in ${checked}.`];
  const counts = (["error", "warning", "hint"] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [colors[severity](`${count} ${severity}${count === 1 ? "" : "s"}`)];
  });
  const isFailed = findings.some(({ severity }) => severity === "error");
  return [
    ...findings.flatMap((finding) => [...linesOf(finding, texts.get(finding.file) ?? ""), ""]),
    `${isFailed ? pc.red("✖") : pc.yellow("!")} ${counts.join(", ")} in ${checked}.`,
  ];
}

function linesOf(finding: Finding, text: string): readonly string[] {
  const { rule, severity, file, start, end, message, advice } = finding;
  const color = colors[severity];
  return [
    `${file}:${start.line}:${start.column} ${color(severity)} ${pc.dim(rule)}`,
    `  ${message}`,
    `  ${pc.dim("→")} ${advice}`,
    ...renderCodeFrame(text, start, end, color).map((line) => `  ${line}`),
  ];
}
