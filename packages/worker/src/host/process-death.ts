import type { RunError, RunErrorCode } from "@pawl/contract/errors";

/** How a process ended, as the operating system tells it. */
export interface ProcessDeath {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what the process wrote to stdout and stderr. */
  readonly outputTail: string;
}

// V8 aborts with one of these after it has written that the heap is full; which one depends on its version and build.
const heapSignals: ReadonlySet<string> = new Set(["SIGABRT", "SIGTRAP", "SIGILL"]);
const heapText = /JavaScript heap out of memory|Reached heap limit|Allocation failed - process out of memory/;
const signalOffset = 128;

/**
 * Says what the death of its process means for the run that executed there.
 *
 * @param death - exit code or signal, and the last output
 * @returns the error of the run
 * @example
 * ```ts
 * errorOfDeath({ code: null, signal: "SIGSEGV", outputTail: "" }).code; // "TASK_PROCESS_SIGSEGV"
 * ```
 */
export function errorOfDeath(death: ProcessDeath): Extract<RunError, { type: "INTERNAL_ERROR" }> {
  const { code, signal, outputTail } = death;
  const isAborted = (signal !== null && heapSignals.has(signal)) || code === signalOffset + 6;
  if (isAborted && heapText.test(outputTail)) {
    return error("TASK_PROCESS_OOM_KILLED", "The process reached the limit of its JavaScript heap.");
  }
  switch (signal) {
    case null:
      return error("TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE", `The process exited with code ${code} during the run.`);
    case "SIGSEGV":
    case "SIGBUS":
      return error("TASK_PROCESS_SIGSEGV", `The process ended by ${signal}.`);
    case "SIGTERM":
    case "SIGINT":
    case "SIGHUP":
      return error("TASK_PROCESS_SIGTERM", `The process ended by ${signal}.`);
    case "SIGKILL":
      return error("TASK_PROCESS_SIGKILL_TIMEOUT", "The process ended by SIGKILL, which its host did not send.");
    default:
      return error(
        "TASK_RUN_CRASHED",
        `The process ended by ${signal}. Its last output:\n${outputTail.slice(-2_000)}\n`,
      );
  }
}

function error(code: RunErrorCode, message: string): Extract<RunError, { type: "INTERNAL_ERROR" }> {
  return { type: "INTERNAL_ERROR", code, message };
}
