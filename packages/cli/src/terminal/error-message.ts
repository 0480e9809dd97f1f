import { stripVTControlCharacters } from "node:util";
import pc from "picocolors";
import { userFrames } from "./stack.ts";

const plainErrors = new Set(["CommandError", "ProjectError", "IndexError", "StartError"]);

/**
 * What to show for an error that ends a command. Errors that are one sentence for the user have no stack; any other is a
 * bug and shows its own.
 *
 * @param error - anything thrown
 * @returns the lines for the terminal
 */
export function renderErrorMessage(error: unknown): readonly string[] {
  const mark = pc.red("✖");
  if (!(error instanceof Error)) return [`${mark} ${String(error)}`];
  if (!plainErrors.has(error.name)) return [`${mark} ${error.stack ?? error.message}`];
  return [`${mark} ${error.message}`, ...detailsOf(error).map((line) => pc.dim(`  ${line}`))];
}

/**
 * The same as a JSON value, for programs.
 *
 * @param error - anything thrown
 * @returns `{ error, details? }`
 */
export function errorAsJson(error: unknown): { readonly error: string; readonly details?: readonly string[] } {
  const message = stripVTControlCharacters(error instanceof Error ? error.message : String(error));
  const details = error instanceof Error ? detailsOf(error) : [];
  return details.length === 0 ? { error: message } : { error: message, details };
}

/**
 * The further findings that an error carries.
 *
 * @param error - any error
 * @returns one a line; none for most errors
 */
export function detailsOf(error: Error): readonly string[] {
  if ("details" in error && Array.isArray(error.details)) return error.details.map(String);
  if (error.name !== "IndexError") return [];
  // Where the user's own code threw, in the source.
  return userFrames(error.stack ?? "", process.cwd());
}
