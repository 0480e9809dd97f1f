import { StringDecoder } from "node:string_decoder";

/** A line was longer than the reader allows. */
export class LineTooLong extends Error {
  override readonly name = "LineTooLong";
}

/**
 * Splits a stream of bytes into lines as they come. Lines without any character but spaces are left out.
 *
 * @param stream - UTF-8 text
 * @param maxLength - the longest line, in characters
 * @yields all complete lines of each piece of the stream; the last line needs no line feed
 * @throws LineTooLong
 */
export async function* linesOf(stream: AsyncIterable<Buffer>, maxLength: number): AsyncGenerator<readonly string[]> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  for await (const piece of stream) {
    const text = decoder.write(piece);
    if (!text.includes("\n")) {
      rest += text;
    } else {
      const lines = (rest + text).split("\n");
      rest = lines.pop() ?? "";
      if (lines.some((line) => line.length > maxLength)) throw new LineTooLong();
      yield lines.filter(isFilled);
    }
    if (rest.length > maxLength) throw new LineTooLong();
  }
  rest += decoder.end();
  if (isFilled(rest)) yield [rest];
}

function isFilled(line: string): boolean {
  return line.trim() !== "";
}
