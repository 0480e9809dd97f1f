import { relative } from "node:path";
import type { BuildFailure, Message } from "esbuild";

/**
 * Something in the user's project keeps it from being bundled. The message is one sentence with what to do about it.
 *
 * @example
 * ```ts
 * if (error instanceof ProjectError) console.error(error.message, error.details);
 * ```
 */
export class ProjectError extends Error {
  override readonly name = "ProjectError";
  /** Every further finding, one a line, each with its file and line. */
  readonly details: readonly string[];

  /**
   * @param message - what is wrong and what to do
   * @param options - `details`: further findings; `cause`: the error underneath
   */
  constructor(message: string, options: { readonly details?: readonly string[]; readonly cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.details = options.details ?? [];
  }
}

/**
 * Tells whether an error came from the bundler and names places in the user's files.
 *
 * @param error - what a build threw
 * @returns whether it carries the bundler's messages
 */
export function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && "errors" in error && Array.isArray(error.errors);
}

/**
 * Turns the bundler's failure into one sentence that names the first place, with the others as details.
 *
 * @param subject - what could not be done, as the beginning of the sentence
 * @param failure - what the bundler threw
 * @param projectDir - paths are shown relative to it
 * @returns the error to throw
 */
export function bundlingError(subject: string, failure: BuildFailure, projectDir: string): ProjectError {
  const [first, ...others] = failure.errors;
  if (first === undefined) return new ProjectError(`${subject}: ${failure.message}`, { cause: failure });
  const more = others.length === 0 ? "" : ` There are ${others.length} more.`;
  return new ProjectError(`${subject}: ${describe(first, projectDir)}. ${advice(first)}${more}`, {
    details: others.map((message) => describe(message, projectDir)),
    cause: failure,
  });
}

function describe(message: Message, projectDir: string): string {
  const text = message.text.replace(/\.$/, "");
  if (message.location === null) return text;
  // The bundler names files relative to the project and counts columns from 0.
  const file = relative(projectDir, `${projectDir}/${message.location.file}`);
  return `${text} (${file}:${message.location.line}:${message.location.column + 1})`;
}

function advice(message: Message): string {
  const absent = /^No matching export in "[^"]*(?:@pawl\/sdk|packages\/sdk)\/[^"]*" for import "([^"]+)"/.exec(
    message.text,
  )?.[1];
  if (absent !== undefined) return `This version of Pawl does not have "${absent}": remove it, or update @pawl/sdk.`;
  if (message.text.startsWith("Pawl does not have ")) return "Remove that import, or update Pawl.";
  const missing = /^Could not resolve "([^"]+)"/.exec(message.text)?.[1];
  if (missing === undefined) return "Correct that line.";
  if (missing.startsWith(".") || missing.startsWith("/")) return "Correct the path of the import.";
  const packageName = missing
    .split("/")
    .slice(0, missing.startsWith("@") ? 2 : 1)
    .join("/");
  return `Install it with "npm install ${packageName}", or correct the import.`;
}
