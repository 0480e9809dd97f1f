import type { RunOutcome } from "./run-state.ts";

/** Whose doing an error is: the code or input of the user, or the platform under it. */
export type Fault = "user" | "platform";

interface RunErrorRule {
  /** How the run ends when no attempt is left. */
  readonly outcome: RunOutcome;
  readonly fault: Fault;
  /** Whether another attempt may succeed. */
  readonly isRetryable: boolean;
  /** What to do about it; shown to the user. */
  readonly hint: string;
}

/**
 * Every way a run can go wrong that is not an error thrown by its own code. The codes are those of the public API.
 */
export const runErrors = {
  COULD_NOT_FIND_TASK: {
    outcome: "system_failure",
    fault: "user",
    isRetryable: false,
    hint: "The version that took this run does not contain the task. Check that its file is in a task folder.",
  },
  COULD_NOT_IMPORT_TASK: {
    outcome: "system_failure",
    fault: "user",
    isRetryable: false,
    hint: "The bundle threw while it was imported. The message names the file; fix what runs at its top level.",
  },
  TASK_INPUT_ERROR: {
    outcome: "failed",
    fault: "user",
    isRetryable: false,
    hint: "The payload could not be read. Trigger the task again with one that fits.",
  },
  TASK_OUTPUT_ERROR: {
    outcome: "failed",
    fault: "user",
    isRetryable: false,
    hint: "Return plain values, dates, maps, sets, big integers, regular expressions, errors or URLs.",
  },
  HANDLE_ERROR_ERROR: {
    outcome: "failed",
    fault: "user",
    isRetryable: false,
    hint: "The catchError hook threw, so nobody decided about a retry. Correct the hook.",
  },
  TASK_RUN_UNCAUGHT_EXCEPTION: {
    outcome: "failed",
    fault: "user",
    isRetryable: true,
    hint: "An error was thrown outside the run's own promise, often an 'error' event without a listener. Await or catch it.",
  },
  TASK_PROCESS_EXITED_WITH_NON_ZERO_CODE: {
    outcome: "crashed",
    fault: "user",
    isRetryable: true,
    hint: "The code called process.exit, or a library did. Throw an error instead.",
  },
  TASK_PROCESS_SIGSEGV: {
    outcome: "crashed",
    fault: "user",
    isRetryable: true,
    hint: "That is a crash in native code. Look at native add-ons and their versions.",
  },
  TASK_PROCESS_SIGTERM: {
    outcome: "crashed",
    fault: "platform",
    isRetryable: true,
    hint: "The process was asked to stop from outside, usually because its host shut down.",
  },
  TASK_PROCESS_SIGKILL_TIMEOUT: {
    outcome: "crashed",
    fault: "user",
    isRetryable: true,
    hint: "Something outside killed it, most often the system when memory ran out. Look at the machine's log.",
  },
  TASK_PROCESS_OOM_KILLED: {
    outcome: "crashed",
    fault: "user",
    isRetryable: false,
    hint: "The process ran out of memory. Work on smaller pieces, or give the task a larger machine.",
  },
  TASK_RUN_CRASHED: {
    outcome: "crashed",
    fault: "user",
    isRetryable: true,
    hint: "The process ended abnormally. Its last output is in the message.",
  },
  TASK_RUN_STALLED_EXECUTING: {
    outcome: "system_failure",
    fault: "platform",
    isRetryable: true,
    hint: "The host that executed the run was lost. Check that the worker is up and reaches the server.",
  },
  TASK_RUN_STALLED_EXECUTING_WITH_WAITPOINTS: {
    outcome: "system_failure",
    fault: "platform",
    isRetryable: false,
    hint: "Its hosts were lost again and again while it waited. Check that the worker is up, then replay the run.",
  },
  BATCH_ITEM_COULD_NOT_TRIGGER: {
    outcome: "failed",
    fault: "user",
    isRetryable: false,
    hint: "No run was made of this item of the batch. Correct the item and trigger it again.",
  },
  TASK_RUN_CANCELLED: {
    outcome: "canceled",
    fault: "user",
    isRetryable: false,
    hint: 'A call cancelled it, or its parent was cancelled, or its schedule fired again with overlap: "cancel".',
  },
  MAX_DURATION_EXCEEDED: {
    outcome: "timed_out",
    fault: "user",
    isRetryable: false,
    hint: "Raise maxDuration in the task or in the configuration, or split the work.",
  },
} as const satisfies Record<string, RunErrorRule>;

/** The code of a run error that no user code threw. */
export type RunErrorCode = keyof typeof runErrors;

/** An error that led to another one, or that an `AggregateError` gathers. */
interface RunErrorCause {
  name: string;
  message: string;
  stackTrace?: string | undefined;
}

/**
 * Why an attempt or a run failed. `BUILT_IN_ERROR`: its code threw an `Error`. `STRING_ERROR` and `CUSTOM_ERROR`: its code
 * threw a string, or another value (as JSON). `INTERNAL_ERROR`: one of {@link runErrors}.
 */
export type RunError =
  | {
      type: "BUILT_IN_ERROR";
      name: string;
      message: string;
      stackTrace: string;
      causes?: RunErrorCause[] | undefined;
    }
  | { type: "CUSTOM_ERROR"; raw: string }
  | { type: "STRING_ERROR"; raw: string }
  | { type: "INTERNAL_ERROR"; code: RunErrorCode; message?: string | undefined; stackTrace?: string | undefined };

/**
 * How a run with this error ends once no attempt is left.
 *
 * @param error - the error of its last attempt
 * @returns the outcome
 * @example
 * ```ts
 * outcomeOf({ type: "STRING_ERROR", raw: "no" }); // "failed"
 * ```
 */
export function outcomeOf(error: RunError): RunOutcome {
  return error.type === "INTERNAL_ERROR" ? runErrors[error.code].outcome : "failed";
}

/** A run error as the public API shows it. */
export interface PublicRunError {
  readonly message: string;
  readonly name?: string;
  readonly stackTrace?: string;
  readonly causes?: readonly { name: string; message: string; stackTrace?: string | undefined }[];
}

/**
 * Renders a run error for API callers.
 *
 * @param error - the stored error
 * @returns its message, with name and stack where it has them
 * @example
 * ```ts
 * publicRunError({ type: "STRING_ERROR", raw: "no" }); // { message: "no" }
 * ```
 */
export function publicRunError(error: RunError): PublicRunError {
  switch (error.type) {
    case "BUILT_IN_ERROR":
      return {
        message: error.message,
        name: error.name,
        stackTrace: error.stackTrace,
        ...(error.causes === undefined ? {} : { causes: error.causes }),
      };
    case "CUSTOM_ERROR":
    case "STRING_ERROR":
      return { message: error.raw };
    case "INTERNAL_ERROR": {
      const hint = runErrors[error.code].hint;
      return {
        message: error.message === undefined ? hint : `${punctuated(error.message)} ${hint}`,
        name: error.code,
        ...(error.stackTrace === undefined ? {} : { stackTrace: error.stackTrace }),
      };
    }
  }
}

/** A sentence that another one can follow. */
function punctuated(message: string): string {
  const text = message.trimEnd();
  return /[.!?:…]$/.test(text) ? text : `${text}.`;
}

interface ApiErrorRule {
  readonly status: number;
  readonly fault: Fault;
  /** Whether the same call may succeed later; published clients follow the header made from it. */
  readonly isRetryable: boolean;
}

/** Every error that the HTTP API answers with, and its status. The message says what happened and what to do. */
export const apiErrors = {
  invalid_json: { status: 400, fault: "user", isRetryable: false },
  invalid_request: { status: 400, fault: "user", isRetryable: false },
  unauthorized: { status: 401, fault: "user", isRetryable: false },
  forbidden: { status: 403, fault: "user", isRetryable: false },
  not_found: { status: 404, fault: "user", isRetryable: false },
  /** The run that asks has lost its claim: another attempt of it executes, or it has ended. */
  lost_claim: { status: 409, fault: "user", isRetryable: false },
  length_required: { status: 411, fault: "user", isRetryable: false },
  payload_too_large: { status: 413, fault: "user", isRetryable: false },
  unsupported_media_type: { status: 415, fault: "user", isRetryable: false },
  unprocessable: { status: 422, fault: "user", isRetryable: false },
  /** Too much of something that anybody may ask for; again in some minutes, by whoever asks. */
  too_many: { status: 429, fault: "user", isRetryable: false },
  internal: { status: 500, fault: "platform", isRetryable: true },
  unavailable: { status: 503, fault: "platform", isRetryable: true },
} as const satisfies Record<string, ApiErrorRule>;

/** The code of an API error. */
export type ApiErrorCode = keyof typeof apiErrors;

/** The body of every answer of the API that is no success. */
export interface ApiErrorBody {
  /** What happened and what to do next. */
  readonly error: string;
  readonly code: ApiErrorCode;
  /** The field of the request that is at fault. */
  readonly param?: string;
}
