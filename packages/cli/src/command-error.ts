/**
 * What ends a command with exit code 1: one sentence that says what happened and what to do, shown without a stack.
 */
export class CommandError extends Error {
  override readonly name = "CommandError";
  /** Further findings, one a line. */
  readonly details: readonly string[];

  /**
   * @param message - the sentence
   * @param options - `details`: further findings; `cause`: the error underneath
   */
  constructor(message: string, options: { readonly details?: readonly string[]; readonly cause?: unknown } = {}) {
    super(message, "cause" in options ? { cause: options.cause } : undefined);
    this.details = options.details ?? [];
  }
}

/**
 * Says that a folder can't be written.
 *
 * @param dir - the folder
 * @param cause - what the system said
 * @returns the error to throw
 */
export function notWritable(dir: string, cause: unknown): CommandError {
  const reason = cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
  return new CommandError(`The folder ${dir} can't be written (${reason}): change its permissions.`, { cause });
}
