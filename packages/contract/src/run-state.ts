/**
 * The life of a run.
 *
 * ```
 *   trigger ─▶ pending_version ─(a version with the task)─▶ queued
 *           ├▶ delayed ─(due)─▶ queued
 *           └▶ queued ─claim─▶ claimed ─start─▶ executing ─complete/fail─▶ finished (an outcome)
 *                 ▲               │                │  ├─retry─▶ delayed | queued
 *                 └── give back ──┘                │  ├─suspend─▶ waiting ─▶ resuming ─▶ executing
 *                 └───────────── rescue ───────────┘  └─cancel─▶ cancelling ─▶ finished
 * ```
 *
 * `pending_version`: no version of its environment has its task. `delayed`: a time has to come (a delay or a retry).
 * `queued`: waits for a slot. `claimed`: promised to a host, not started; it holds a slot and has used no attempt.
 * `executing`: its code may be running. `waiting`: awaits a waitpoint and holds no slot. `resuming`: its wait is over and
 * its slot not yet taken again. `cancelling`: was executing and is asked to end.
 */
export const runStates = [
  "pending_version",
  "delayed",
  "queued",
  "claimed",
  "executing",
  "waiting",
  "resuming",
  "cancelling",
] as const;

/** The state of a run that has not finished. */
export type RunState = (typeof runStates)[number];

/** How a run can end. */
export const runOutcomes = [
  "completed",
  "failed",
  "crashed",
  "system_failure",
  "canceled",
  "expired",
  "timed_out",
] as const;

/** How a finished run ended. */
export type RunOutcome = (typeof runOutcomes)[number];

/** The states in which a run holds a slot of its queue. */
export const slotHoldingStates = ["claimed", "executing", "cancelling"] as const satisfies readonly RunState[];

/** The statuses that the public API shows; a closed list, since published clients refuse any other. */
export const publicStatuses = [
  "PENDING_VERSION",
  "QUEUED",
  "DEQUEUED",
  "EXECUTING",
  "WAITING",
  "COMPLETED",
  "CANCELED",
  "FAILED",
  "CRASHED",
  "SYSTEM_FAILURE",
  "DELAYED",
  "EXPIRED",
  "TIMED_OUT",
] as const;

/** A run's status as the public API shows it. */
export type PublicStatus = (typeof publicStatuses)[number];

/** Where a run stands: it has either a state or an outcome, never both. */
export type RunStanding =
  | { readonly state: RunState; readonly outcome: null; readonly attempt: number }
  | { readonly state: null; readonly outcome: RunOutcome; readonly attempt: number };

const statusOfOutcome: Record<RunOutcome, PublicStatus> = {
  completed: "COMPLETED",
  failed: "FAILED",
  crashed: "CRASHED",
  system_failure: "SYSTEM_FAILURE",
  canceled: "CANCELED",
  expired: "EXPIRED",
  timed_out: "TIMED_OUT",
};

const statusOfState: Record<RunState, PublicStatus> = {
  pending_version: "PENDING_VERSION",
  delayed: "DELAYED",
  queued: "QUEUED",
  claimed: "DEQUEUED",
  executing: "EXECUTING",
  waiting: "WAITING",
  resuming: "WAITING",
  cancelling: "EXECUTING",
};

/**
 * The public status of a run: a pure function of where it stands.
 *
 * A run between two attempts is delayed inside, and shown as `EXECUTING`, as the published clients expect.
 *
 * @param standing - the run's state or outcome, and how many attempts have started
 * @returns one of {@link publicStatuses}
 * @example
 * ```ts
 * publicStatus({ state: "delayed", outcome: null, attempt: 1 }); // "EXECUTING"
 * ```
 */
export function publicStatus(standing: RunStanding): PublicStatus {
  if (standing.outcome !== null) return statusOfOutcome[standing.outcome];
  if (standing.state === "delayed" && standing.attempt > 0) return "EXECUTING";
  return statusOfState[standing.state];
}

/** The seven yes/no fields of the API that follow from a status. */
export interface StatusFlags {
  readonly isQueued: boolean;
  readonly isExecuting: boolean;
  readonly isWaiting: boolean;
  readonly isCompleted: boolean;
  readonly isSuccess: boolean;
  readonly isFailed: boolean;
  readonly isCancelled: boolean;
}

/**
 * The yes/no fields that go with a status. `isCompleted` holds for every finished run, so that polling always ends.
 *
 * @param status - a public status
 * @returns the seven flags
 * @example
 * ```ts
 * statusFlags("EXPIRED").isCompleted; // true
 * ```
 */
export function statusFlags(status: PublicStatus): StatusFlags {
  const isCompleted = Object.values(statusOfOutcome).includes(status);
  return {
    isQueued: status === "QUEUED" || status === "DELAYED" || status === "PENDING_VERSION",
    isExecuting: status === "EXECUTING" || status === "DEQUEUED",
    isWaiting: status === "WAITING",
    isCompleted,
    isSuccess: status === "COMPLETED",
    isFailed: isCompleted && status !== "COMPLETED",
    isCancelled: status === "CANCELED",
  };
}

/** Which states and outcomes a public status stands for; the reverse of {@link publicStatus}, for filters. */
export interface StatusFilter {
  readonly states: readonly { readonly state: RunState; readonly isBetweenAttempts: boolean | null }[];
  readonly outcomes: readonly RunOutcome[];
}

/**
 * Finds what a filter on a public status has to look for in the store.
 *
 * @param statuses - public statuses, any of which may match
 * @returns states and outcomes; `isBetweenAttempts` is `null` where the attempt does not matter
 * @example
 * ```ts
 * statusFilter(["DELAYED"]); // { states: [{ state: "delayed", isBetweenAttempts: false }], outcomes: [] }
 * ```
 */
export function statusFilter(statuses: readonly PublicStatus[]): StatusFilter {
  const wanted = new Set(statuses);
  const states: { state: RunState; isBetweenAttempts: boolean | null }[] = [];
  for (const state of runStates) {
    const first = wanted.has(publicStatus({ state, outcome: null, attempt: 0 }));
    const later = wanted.has(publicStatus({ state, outcome: null, attempt: 1 }));
    if (first && later) states.push({ state, isBetweenAttempts: null });
    else if (first || later) states.push({ state, isBetweenAttempts: later });
  }
  return { states, outcomes: runOutcomes.filter((outcome) => wanted.has(statusOfOutcome[outcome])) };
}
