import type { RunError } from "@pawl/contract/errors";

/**
 * Makes an `Error` of what a run failed with, as the code that waited for it sees it.
 *
 * @param error - the stored error; absent when the run has ended without one
 * @returns an error with the name, message, stack and causes of the original; of a thrown value that was no error, its text
 * @example
 * ```ts
 * errorOfRun({ type: "STRING_ERROR", raw: "no seats left" }).message; // "no seats left"
 * ```
 */
export function errorOfRun(error: RunError | undefined): Error {
  if (error === undefined) return new Error("The run did not complete.");
  switch (error.type) {
    case "BUILT_IN_ERROR":
      return named(error, causeOf(error.causes ?? []));
    case "STRING_ERROR":
      return new Error(error.raw);
    case "CUSTOM_ERROR":
      return new Error(error.raw, { cause: parsed(error.raw) });
    case "INTERNAL_ERROR":
      return named({ ...error, name: error.code, message: error.message ?? `The run ended with ${error.code}.` });
  }
}

interface ErrorParts {
  readonly name: string;
  readonly message: string;
  readonly stackTrace?: string | undefined;
}

function named({ name, message, stackTrace }: ErrorParts, cause?: Error): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause });
  error.name = name;
  // Without a stack of its own an error would show the place where it was put together, which tells nothing.
  error.stack = stackTrace === undefined || stackTrace === "" ? `${name}: ${message}` : stackTrace;
  return error;
}

/** The chain of causes, the nearest one first, as errors that hold each other. */
function causeOf(causes: readonly ErrorParts[]): Error | undefined {
  return causes.reduceRight<Error | undefined>((cause, parts) => named(parts, cause), undefined);
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
