/**
 * Splits a text into pieces that fit a model: whole paragraphs as long as they fit, else whole words.
 *
 * @param text - the document; paragraphs are separated by empty lines
 * @param maxCharacters - of a piece
 * @returns the pieces, in order, none of them empty
 * @example
 * ```ts
 * splitDocument("One.\n\nTwo.\n\nThree.", 10); // ["One.\n\nTwo.", "Three."]
 * ```
 */
export function splitDocument(text: string, maxCharacters: number): readonly string[] {
  const pieces: string[] = [];
  let piece = "";
  for (const paragraph of text.split(/\n\s*\n/).flatMap((whole) => cut(whole.trim(), maxCharacters))) {
    const longer = piece === "" ? paragraph : `${piece}\n\n${paragraph}`;
    if (longer.length <= maxCharacters) {
      piece = longer;
      continue;
    }
    pieces.push(piece);
    piece = paragraph;
  }
  return [...pieces, piece].filter((whole) => whole !== "");
}

/** A paragraph as it is, or in parts that end with a word. */
function cut(paragraph: string, maxCharacters: number): readonly string[] {
  const parts: string[] = [];
  let rest = paragraph;
  while (rest.length > maxCharacters) {
    const space = rest.lastIndexOf(" ", maxCharacters);
    const end = space > 0 ? space : maxCharacters;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}
