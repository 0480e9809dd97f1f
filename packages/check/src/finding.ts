/** How bad a finding is: an error does not work as written, a warning may not, a hint is about clarity. */
export type Severity = "error" | "warning" | "hint";

/** A place in a file; lines and columns count from 1, columns in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something that a rule has found. */
export interface Finding {
  /** The name of the rule; `syntax` for code that does not parse. */
  readonly rule: string;
  readonly severity: Severity;
  /** As it was given. */
  readonly file: string;
  readonly start: Place;
  /** The place after the last character. */
  readonly end: Place;
  /** What is wrong, in a sentence. */
  readonly message: string;
  /** What to do about it, in a sentence. */
  readonly advice: string;
}
