import { inspect } from "node:util";
import pc from "picocolors";

/**
 * A JSON value for people: colored, on several lines where it is long, cut where it is very long.
 *
 * @param value - plain JSON
 * @returns the text
 */
export function renderValue(value: unknown): string {
  return inspect(value, {
    colors: pc.isColorSupported,
    depth: 6,
    maxArrayLength: 50,
    maxStringLength: 2_000,
    breakLength: 100,
  });
}

/**
 * The attributes of a log line, short and on the same line.
 *
 * @param attributes - plain JSON; nothing is shown for an empty object
 * @returns the text, with a space before it, or nothing
 */
export function renderAttributes(attributes: unknown): string {
  if (attributes === undefined || attributes === null) return "";
  if (typeof attributes === "object" && Object.keys(attributes).length === 0) return "";
  const text = inspect(attributes, {
    depth: 3,
    maxArrayLength: 10,
    maxStringLength: 200,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return ` ${pc.dim(text)}`;
}

/**
 * Indents every line of a text.
 *
 * @param text - any text
 * @param indent - what to put before each line
 * @returns the indented text
 */
export function indented(text: string, indent: string): string {
  return text.replaceAll(/^/gm, indent);
}
