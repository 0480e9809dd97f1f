import type { Answer } from "./transport.ts";

// Reads one HTTP/1.1 answer from the pieces in which it arrives. One parser serves one answer; nothing may follow it, since
// the transport never sends a request before the last one was answered.

const maxHeadLength = 64 * 1024;
const headEnd = "\r\n\r\n";

/** How the end of a body is found. */
type Framing = { kind: "length"; length: number } | { kind: "chunked" } | { kind: "until_close" };

/** A complete answer, and whether its connection may carry another request. */
export interface ParsedAnswer {
  readonly answer: Answer;
  readonly isReusable: boolean;
}

interface Head {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly framing: Framing;
  readonly isReusable: boolean;
}

/**
 * Collects one answer.
 *
 * @example
 * ```ts
 * const parser = new AnswerParser();
 * parser.push(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"))?.answer.text; // "{}"
 * ```
 */
export class AnswerParser {
  #head: Head | null = null;
  #pieces: Buffer[] = [];
  #length = 0;

  /** Whether no byte of the answer has come yet. */
  get isUntouched(): boolean {
    return this.#head === null && this.#length === 0;
  }

  /**
   * Takes the next piece.
   *
   * @param piece - bytes from the connection
   * @returns the answer once it is complete, otherwise `null`
   * @throws Error when the bytes are no HTTP/1.1 answer
   */
  push(piece: Buffer): ParsedAnswer | null {
    this.#pieces.push(piece);
    this.#length += piece.length;
    while (this.#head === null) {
      const all = this.#join();
      const end = all.indexOf(headEnd);
      if (end < 0) {
        if (all.length > maxHeadLength) throw new Error("the head of the answer is too long");
        return null;
      }
      const head = parseHead(all.toString("latin1", 0, end));
      this.#keep(all.subarray(end + headEnd.length));
      if (head.status >= 200) this.#head = head; // an answer of 1xx announces another
    }
    return this.#complete(this.#head);
  }

  /**
   * Tells that the connection has closed.
   *
   * @returns the answer where closing is what ends it, otherwise `null`
   */
  close(): ParsedAnswer | null {
    if (this.#head?.framing.kind !== "until_close") return null;
    return answerOf(this.#head, this.#join());
  }

  #complete(head: Head): ParsedAnswer | null {
    if (head.framing.kind === "length") {
      if (this.#length < head.framing.length) return null;
      if (this.#length > head.framing.length) throw new Error("the answer is longer than it says");
      return answerOf(head, this.#join());
    }
    if (head.framing.kind === "chunked") {
      const last = this.#pieces.at(-1);
      if (last === undefined || last.at(-1) !== 10) return null; // its last line ends with a line feed
      const body = decodeChunks(this.#join());
      return body === null ? null : answerOf(head, body);
    }
    return null;
  }

  #join(): Buffer {
    const [only] = this.#pieces;
    if (only !== undefined && this.#pieces.length === 1) return only;
    const all = Buffer.concat(this.#pieces, this.#length);
    this.#keep(all);
    return all;
  }

  #keep(rest: Buffer): void {
    this.#pieces = [rest];
    this.#length = rest.length;
  }
}

function answerOf(head: Head, body: Buffer): ParsedAnswer {
  return {
    answer: { status: head.status, headers: head.headers, text: body.toString("utf8") },
    isReusable: head.isReusable,
  };
}

function parseHead(text: string): Head {
  const lines = text.split("\r\n");
  const first = /^HTTP\/1\.([01]) (\d{3})/.exec(lines[0] ?? "");
  if (first === null) throw new Error("the answer is not HTTP/1.1; is this the URL of a Pawl server?");
  const headers: Record<string, string> = {};
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? "";
    const colon = line.indexOf(":");
    if (colon <= 0) throw new Error("a header of the answer has no name");
    const name = line.slice(0, colon).toLowerCase();
    const value = line.slice(colon + 1).trim();
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`;
  }
  const status = Number(first[2]);
  const framing = framingOf(status, headers);
  const connection = headers.connection?.toLowerCase() ?? "";
  const isReusable = first[1] === "1" && framing.kind !== "until_close" && !connection.includes("close");
  return { status, headers, framing, isReusable };
}

function framingOf(status: number, headers: Readonly<Record<string, string>>): Framing {
  if (status < 200 || status === 204 || status === 304) return { kind: "length", length: 0 };
  if (headers["transfer-encoding"] !== undefined) {
    if (headers["transfer-encoding"].toLowerCase() === "chunked") return { kind: "chunked" };
    throw new Error(`the answer's transfer encoding ${headers["transfer-encoding"]} is unknown`);
  }
  const length = headers["content-length"];
  if (length === undefined) return { kind: "until_close" };
  if (!/^\d+$/.test(length)) throw new Error(`the answer's content length ${length} is no number`);
  return { kind: "length", length: Number(length) };
}

/** Joins the chunks of a body; `null` while its end has not arrived. */
function decodeChunks(bytes: Buffer): Buffer | null {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf("\r\n", at);
    if (lineEnd < 0) return null;
    const sizeText = bytes.toString("latin1", at, lineEnd).split(";", 1)[0]?.trim() ?? "";
    if (!/^[0-9a-f]+$/i.test(sizeText)) throw new Error("a chunk of the answer has no size");
    const size = Number.parseInt(sizeText, 16);
    const start = lineEnd + 2;
    if (size === 0) {
      const isEnd = bytes.indexOf("\r\n", start) === start || bytes.indexOf(headEnd, start) >= 0;
      return isEnd ? Buffer.concat(chunks) : null;
    }
    if (bytes.length < start + size + 2) return null;
    if (bytes[start + size] !== 13 || bytes[start + size + 1] !== 10) throw new Error("a chunk is longer than it says");
    chunks.push(bytes.subarray(start, start + size));
    at = start + size + 2;
  }
}
