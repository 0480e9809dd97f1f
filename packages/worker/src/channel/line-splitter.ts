/** Cuts a stream of text into lines; a line may arrive in any number of pieces. */
export class LineSplitter {
  readonly #onLine: (line: string) => void;
  // Pieces of an unfinished line; joined once, so that a line of many megabytes is not copied again for each piece.
  #pieces: string[] = [];

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Takes the next piece and calls back for each line that it completes. */
  push(text: string): void {
    let start = 0;
    let end = text.indexOf("\n");
    if (end !== -1 && this.#pieces.length > 0) {
      const line = this.#pieces.join("") + text.slice(0, end);
      this.#pieces = [];
      this.#onLine(line);
      start = end + 1;
      end = text.indexOf("\n", start);
    }
    while (end !== -1) {
      this.#onLine(text.slice(start, end));
      start = end + 1;
      end = text.indexOf("\n", start);
    }
    if (start < text.length) this.#pieces.push(start === 0 ? text : text.slice(start));
  }
}
