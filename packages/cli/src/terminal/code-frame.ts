import type { Place } from "@pawl/check";
import pc from "picocolors";

const linesAround = 1;
const longestLine = 120;

/**
 * Draws a place in code: its line with a mark below, between its neighbours.
 *
 * @param text - the code
 * @param start - where the place begins; lines and columns count from 1
 * @param end - the place after its last character; of several lines only the first is marked
 * @param color - how the mark is colored
 * @returns the lines for the terminal; none for a place outside of the code
 */
export function renderCodeFrame(
  text: string,
  start: Place,
  end: Place,
  color: (text: string) => string,
): readonly string[] {
  const lines = text.split(/\r\n|\r|\n/);
  const marked = lines[start.line - 1];
  if (marked === undefined) return [];
  // A long line is shown from a little before the place.
  const from = start.column > longestLine - 20 ? start.column - 20 : 0;
  const shown = (line: string) => printable(line.slice(from, from + longestLine));
  const width = String(start.line + linesAround).length;
  const first = Math.max(start.line - linesAround, 1);
  const last = Math.min(start.line + linesAround, lines.length);
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const isMarked = number === start.line;
    const gutter = `${isMarked ? color(">") : " "} ${pc.dim(`${String(number).padStart(width)} |`)}`;
    frame.push(`${gutter} ${shown(lines[number - 1] ?? "")}`.trimEnd());
    if (!isMarked) continue;
    const before = printable(marked.slice(from, start.column - 1)).length;
    const until = end.line === start.line ? end.column - 1 : marked.trimEnd().length;
    const length = printable(marked.slice(start.column - 1, Math.min(until, from + longestLine))).length;
    const blank = `  ${" ".repeat(width)} ${pc.dim("|")} ${" ".repeat(before)}`;
    frame.push(`${blank}${color("^".repeat(Math.max(length, 1)))}`);
  }
  return frame;
}

/** A tab is as wide as two spaces, and what would steer the terminal is not written to it. */
function printable(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  return text.replaceAll("\t", "  ").replace(/[\u0000-\u001f\u007f-\u009f]/g, "·");
}
