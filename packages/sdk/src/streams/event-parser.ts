/** One event of a server that sends them one after the other. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/**
 * Splits what arrives into server-sent events. Comments are left out.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html
 *
 * @example
 * ```ts
 * new EventParser().push('event: batch\ndata: {"records":[]}\n\n'); // [{ name: "batch", data: '{"records":[]}' }]
 * ```
 */
export class EventParser {
  #rest = "";
  #name = "";
  #data: string[] = [];

  /**
   * Takes the next piece.
   *
   * @param text - of any length
   * @returns the events that it completes
   */
  push(text: string): readonly ServerEvent[] {
    if (!text.includes("\n")) {
      this.#rest += text;
      return [];
    }
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#take(line.endsWith("\r") ? line.slice(0, -1) : line) ?? []);
  }

  #take(line: string): ServerEvent | null {
    if (line === "") {
      const event = this.#data.length === 0 ? null : { name: this.#name, data: this.#data.join("\n") };
      this.#name = "";
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (field === "event") this.#name = value;
    if (field === "data") this.#data.push(value);
    return null;
  }
}
