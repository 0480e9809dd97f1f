import { errorAsJson, renderErrorMessage } from "./error-message.ts";

/** Where a command writes, in the form that was asked for. */
export interface Output {
  readonly isJson: boolean;
  /** Lines for people; nothing is written when JSON was asked for. */
  lines(lines: readonly string[]): void;
  /** One JSON value on one line; nothing is written when JSON was not asked for. */
  json(value: unknown): void;
}

/**
 * Makes the output of a command on standard output.
 *
 * @param options - `json`: whether the reader is a program
 * @returns the output
 */
export function createOutput(options: { readonly json?: boolean | undefined }): Output {
  const isJson = options.json === true;
  return {
    isJson,
    lines(lines) {
      if (!isJson && lines.length > 0) process.stdout.write(`${lines.join("\n")}\n`);
    },
    json(value) {
      if (isJson) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
  };
}

/**
 * Shows the error that ends a command, on standard error; as JSON on standard output where a program reads.
 *
 * @param error - anything thrown
 * @param isJson - whether the reader is a program
 */
export function writeError(error: unknown, isJson: boolean): void {
  if (isJson) process.stdout.write(`${JSON.stringify(errorAsJson(error))}\n`);
  else process.stderr.write(`${renderErrorMessage(error).join("\n")}\n`);
}
