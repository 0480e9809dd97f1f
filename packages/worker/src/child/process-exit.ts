/** Thrown where `process.exit` was called and the process lives on, so that the code behind the call does not go on. */
export class ProcessExitError extends Error {
  override readonly name = "ProcessExitError";
}

const exit = process.exit.bind(process);

/** Ends this process, whoever runs in it. */
export function endProcess(code: number): never {
  return exit(code);
}

/**
 * Asks before user code ends this process, which it may share with other runs.
 *
 * @param isRefused - called with the exit code; true: the process lives on, and the call throws instead
 */
export function guardProcessExit(isRefused: (code: number) => boolean): void {
  process.exit = (code) => {
    const number = Number(code ?? process.exitCode ?? 0);
    if (!isRefused(number)) return exit(code);
    throw new ProcessExitError(
      `process.exit(${number}) ended the run that called it; its process goes on for other runs.`,
    );
  };
}
