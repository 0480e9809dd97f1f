import { stripVTControlCharacters } from "node:util";

const hideCursor = "\x1b[?25l";
const showCursor = "\x1b[?25h";
const toLineEnd = "\x1b[K";
const toScreenEnd = "\x1b[J";

/** The part of a terminal that lines are drawn on. */
export interface Screen {
  readonly columns: number;
  readonly rows: number;
  write(text: string): unknown;
}

/** Lines on a terminal that are drawn again in their place. */
export interface LiveLines {
  /** Draws lines in place of the last ones: cut where they are too long, and left out below where they are too many. */
  draw(lines: readonly string[]): void;
  /** Takes away what is drawn. */
  clear(): void;
  /** Leaves what is drawn where it is, with the cursor below it. */
  end(): void;
}

/**
 * Makes lines that are drawn in place. Each change is one write, so that nothing flickers.
 *
 * @param screen - where to draw; its size is read each time
 * @returns the lines; the cursor is hidden from the first drawing to the end
 */
export function createLiveLines(screen: Screen): LiveLines {
  let drawn: readonly string[] | null = null;
  const live: LiveLines = {
    draw(lines) {
      const shown = fitted(lines, screen);
      const isFirst = drawn === null;
      // What was drawn before may be broken over several rows by now, when the terminal became narrower.
      const above = (drawn ?? []).reduce((rows, line) => rows + rowsOf(line, screen.columns), 0);
      const back = above === 0 ? "" : `\x1b[${Math.min(above, screen.rows - 1)}A\r`;
      const text = shown.map((line) => `${line}${toLineEnd}\n`).join("");
      screen.write(`${isFirst ? hideCursor : ""}${back}${text}${toScreenEnd}`);
      drawn = shown;
    },
    clear() {
      if (drawn !== null) live.draw([]);
    },
    end() {
      if (drawn !== null) screen.write(showCursor);
      drawn = null;
    },
  };
  return live;
}

function fitted(lines: readonly string[], { columns, rows }: Screen): readonly string[] {
  const room = Math.max(rows - 1, 1); // the cursor stands on the last row
  const left = lines.length - room;
  const shown = left > 0 ? [...lines.slice(0, room - 1), `… and ${left + 1} more lines`] : lines;
  return shown.map((line) => cut(line, columns));
}

/**
 * Cuts a line to a width; one that is cut loses its colors.
 *
 * @param line - a line for the terminal
 * @param width - the most characters
 * @returns the line, with `…` at its end when it was cut
 */
export function cut(line: string, width: number): string {
  const text = stripVTControlCharacters(line);
  return text.length <= width ? line : `${text.slice(0, width - 1)}…`;
}

function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(stripVTControlCharacters(line).length / columns));
}
