import type { SourceFile, Span } from "./code/source-file.ts";
import type { Severity } from "./finding.ts";
import type { CheckedProject } from "./project.ts";

/** A place that breaks a rule. */
export interface Violation {
  readonly at: Span;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** What to do about it, in a sentence. */
  readonly advice: string;
}

/** A rule, with what its documentation says. */
export interface Rule {
  /** As findings and comments call it. */
  readonly name: string;
  readonly severity: Severity;
  /** What the rule asks for, in a sentence. */
  readonly asks: string;
  /** Why, in a sentence or a few. */
  readonly why: string;
  /** What it leaves alone on purpose; absent when nothing has to be said. */
  readonly allows?: string;
  /** A file that breaks this rule and no other. */
  readonly wrong: string;
  /** The same file as it should be: no rule has anything to say about it. */
  readonly right: string;
  /** Finds what breaks it in one file of a project. */
  check(file: SourceFile, project: CheckedProject): readonly Violation[];
}
