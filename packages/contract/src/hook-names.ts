/** The hooks that a run process calls, in the order of an attempt; then those of waits, of a cancellation and of a failure. */
export const hookNames = [
  "middleware",
  "init",
  "onStart",
  "onStartAttempt",
  "onSuccess",
  "onFailure",
  "onComplete",
  "cleanup",
  "onWait",
  "onResume",
  "onCancel",
  "catchError",
] as const;
