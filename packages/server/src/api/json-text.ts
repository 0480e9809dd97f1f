/** Deeper than any value that is meant so; what is deeper can't be written again without running out of stack. */
const maxDepth = 1_000;

/** What a text of a caller is as JSON. */
export type ReadJson =
  | { readonly kind: "value"; readonly value: unknown }
  /** `detail` ends a sentence about the text. */
  | { readonly kind: "refused"; readonly detail: string };

/**
 * Reads JSON of a caller. Halves of characters (lone surrogates), which a text has that was cut in the middle of an emoji and which
 * no UTF-8 can hold, become U+FFFD.
 *
 * @param text - as it came
 * @returns the value, or why it is none
 * @example
 * ```ts
 * readJson('{"a":1}'); // { kind: "value", value: { a: 1 } }
 * ```
 */
export function readJson(text: string): ReadJson {
  if (text.length > 2 * maxDepth && isDeeperThan(text, maxDepth)) {
    return { kind: "refused", detail: `is nested deeper than ${maxDepth.toLocaleString("en-US")} levels` };
  }
  try {
    const value: unknown = JSON.parse(text);
    return { kind: "value", value: /\\ud[89a-f]/i.test(text) ? wellFormed(value) : value };
  } catch (error) {
    return { kind: "refused", detail: `is not valid JSON: ${error instanceof Error ? error.message : ""}` };
  }
}

function isDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    switch (text.charCodeAt(i)) {
      case 0x22: // a text: to its end
        i = endOfText(text, i + 1);
        break;
      case 0x5b:
      case 0x7b:
        depth += 1;
        if (depth > limit) return true;
        break;
      case 0x5d:
      case 0x7d:
        depth -= 1;
        break;
    }
  }
  return false;
}

function endOfText(text: string, from: number): number {
  let end = text.indexOf('"', from);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0;
  while (text.charCodeAt(at - 1 - backslashes) === 0x5c) backslashes += 1;
  return backslashes % 2 === 1;
}

function wellFormed(value: unknown): unknown {
  if (typeof value === "string") return value.toWellFormed();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name.toWellFormed(), wellFormed(part)]));
}
