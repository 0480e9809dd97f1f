import { parseFile, type SourceFile, type Span } from "./code/source-file.ts";
import type { Finding, Place } from "./finding.ts";
import { type IgnoreComment, ignoreComments } from "./ignore-comments.ts";
import { type CheckSettings, createProject } from "./project.ts";
import type { Rule, Violation } from "./rule.ts";
import { allRules } from "./rules/all-rules.ts";

/** A file of code. */
export interface FileToCheck {
  /** Its path, absolute or relative to where all files are. */
  readonly path: string;
  readonly text: string;
}

/**
 * Checks the code of tasks against all rules. Files are looked at together: a task in one is known in another.
 *
 * @param files - the files of one project
 * @param settings - what its configuration says
 * @returns what was found, by file in the order given, then by place
 * @example
 * ```ts
 * const findings = checkFiles([{ path: "trigger/mail.ts", text }], { hasRetryDefault: true, hasMaxDuration: false });
 * ```
 */
export function checkFiles(files: readonly FileToCheck[], settings: CheckSettings): readonly Finding[] {
  const parsed = files.map(({ path, text }) => parseFile(path, text));
  const project = createProject(parsed, settings);
  return parsed.flatMap((file) => {
    const found = allRules.flatMap((rule) => rule.check(file, project).map((violation) => ({ rule, violation })));
    const kept = withoutIgnored(file, found);
    return [...syntaxFindings(file), ...kept].toSorted(byPlace);
  });
}

/** One is enough: what comes after it is often its consequence. */
function syntaxFindings(file: SourceFile): readonly Finding[] {
  return file.faults.slice(0, 1).map(({ message, start, end }) => ({
    rule: "syntax",
    severity: "error",
    file: file.path,
    ...placesOf(file, { start, end }),
    message: `The code does not parse: ${message.replace(/\.$/, "")}.`,
    advice: "Correct that place; until then not all of the file is checked.",
  }));
}

interface Found {
  readonly rule: Rule;
  readonly violation: Violation;
}

function withoutIgnored(file: SourceFile, found: readonly Found[]): readonly Finding[] {
  const comments = ignoreComments(file);
  const findings = found.map(({ rule, violation: { at, message, advice } }) => {
    const base = { rule: rule.name, severity: rule.severity, file: file.path, message, advice };
    return { ...base, ...placesOf(file, at) };
  });
  const isIgnoredBy = ({ line, rules }: IgnoreComment, { rule, start }: Finding) =>
    start.line === line && rules.some(({ name }) => name === rule);
  const kept = findings.filter((finding) => !comments.some((comment) => isIgnoredBy(comment, finding)));
  return [...kept, ...uselessComments(file, comments, findings)];
}

/** A comment that silences nothing is misspelt, or its reason is gone. */
function uselessComments(
  file: SourceFile,
  comments: readonly IgnoreComment[],
  findings: readonly Finding[],
): readonly Finding[] {
  const known = new Set(allRules.map(({ name }) => name));
  const base = { rule: "unused-ignore", severity: "warning", file: file.path } as const;
  return comments.flatMap(({ at, line, rules }): readonly Finding[] => {
    if (rules.length === 0) {
      const message = "This comment does not say which rule is meant.";
      const advice = 'Name it, as in "pawl-check-ignore await-trigger".';
      return [{ ...base, ...placesOf(file, at), message, advice }];
    }
    return rules.flatMap(({ name, at }): readonly Finding[] => {
      if (findings.some(({ rule, start }) => rule === name && start.line === line)) return [];
      const message = known.has(name)
        ? `The rule ${name} has nothing to say about the line after this comment.`
        : `There is no rule ${name}.`;
      const advice = known.has(name) ? "Remove the comment." : `Name one of ${[...known].join(", ")}.`;
      return [{ ...base, ...placesOf(file, at), message, advice }];
    });
  });
}

function placesOf(file: SourceFile, { start, end }: Span): { readonly start: Place; readonly end: Place } {
  return { start: placeOf(file.text, start), end: placeOf(file.text, end) };
}

function placeOf(text: string, offset: number): Place {
  const before = text.slice(0, offset);
  const lineStart = Math.max(before.lastIndexOf("\n"), before.lastIndexOf("\r")) + 1;
  return { line: before.split(/\r\n|\r|\n/).length, column: offset - lineStart + 1 };
}

function byPlace(a: Finding, b: Finding): number {
  return a.start.line - b.start.line || a.start.column - b.start.column;
}
