import type { SourceFile, Span } from "./code/source-file.ts";

/** A comment that silences rules on the next line of code. */
export interface IgnoreComment {
  readonly at: Span;
  /** The line that it is about, from 1. */
  readonly line: number;
  readonly rules: readonly { readonly name: string; readonly at: Span }[];
}

const marker = /^[\s*]*pawl-check-ignore(?![\w-])/;

/**
 * Reads the comments `// pawl-check-ignore <rule>` of a file. Several rules are joined by commas; what comes after them is the reason.
 *
 * @param file - the file
 * @returns the comments, each with the line after it that is neither empty nor a comment
 */
export function ignoreComments(file: SourceFile): readonly IgnoreComment[] {
  return file.comments.flatMap(({ value, start, end }) => {
    const marked = marker.exec(value)?.[0];
    if (marked === undefined) return [];
    const names = /^[\s:]*((?:[\w-]+\s*,\s*)*[\w-]*)/.exec(value.slice(marked.length)) ?? [""];
    const listStart = start + 2 + marked.length + names[0].length - (names[1] ?? "").length; // after the comment's own two characters
    const rules = [...(names[1] ?? "").matchAll(/[\w-]+/g)].map(({ 0: name, index }) => ({
      name,
      at: { start: listStart + index, end: listStart + index + name.length },
    }));
    return [{ at: { start, end }, line: lineAfter(file, end), rules: rules.filter(({ name }) => /\w/.test(name)) }];
  });
}

/** The line of the first code after a comment. */
function lineAfter(file: SourceFile, offset: number): number {
  let at = offset;
  for (;;) {
    at += /^\s*/.exec(file.text.slice(at))?.[0].length ?? 0;
    const next = file.comments.find(({ start }) => start === at);
    if (next === undefined) return file.text.slice(0, at).split(/\r\n|\r|\n/).length;
    at = next.end;
  }
}
