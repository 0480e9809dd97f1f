import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  type PublicStatus,
  publicStatus,
  publicStatuses,
  type RunOutcome,
  type RunStanding,
  type RunState,
  runOutcomes,
  runStates,
  type StatusFlags,
  slotHoldingStates,
  statusFilter,
  statusFlags,
} from "./run-state.ts";

/** By state: the status before the first attempt, and with one or more attempts started. */
const statusTable: Record<RunState, readonly [first: PublicStatus, later: PublicStatus]> = {
  pending_version: ["PENDING_VERSION", "PENDING_VERSION"],
  delayed: ["DELAYED", "EXECUTING"],
  queued: ["QUEUED", "QUEUED"],
  claimed: ["DEQUEUED", "DEQUEUED"],
  executing: ["EXECUTING", "EXECUTING"],
  waiting: ["WAITING", "WAITING"],
  resuming: ["WAITING", "WAITING"],
  cancelling: ["EXECUTING", "EXECUTING"],
};

const outcomeTable: Record<RunOutcome, PublicStatus> = {
  completed: "COMPLETED",
  failed: "FAILED",
  crashed: "CRASHED",
  system_failure: "SYSTEM_FAILURE",
  canceled: "CANCELED",
  expired: "EXPIRED",
  timed_out: "TIMED_OUT",
};

const attempts = [0, 1, 2, 250];

const standings: readonly RunStanding[] = attempts.flatMap((attempt) => [
  ...runStates.map((state) => ({ state, outcome: null, attempt })),
  ...runOutcomes.map((outcome) => ({ state: null, outcome, attempt })),
]);

describe("publicStatus", () => {
  for (const state of runStates) {
    test(`of ${state} is ${statusTable[state].join(", then ")}`, () => {
      const shown = attempts.map((attempt) => publicStatus({ state, outcome: null, attempt }));
      const [first, later] = statusTable[state];
      assert.deepEqual(shown, [first, later, later, later]);
    });
  }

  for (const outcome of runOutcomes) {
    test(`of ${outcome} is ${outcomeTable[outcome]} after any number of attempts`, () => {
      for (const attempt of attempts) {
        assert.equal(publicStatus({ state: null, outcome, attempt }), outcomeTable[outcome]);
      }
    });
  }

  test("shows every status of the closed list, and no other", () => {
    assert.deepEqual(new Set(standings.map(publicStatus)), new Set(publicStatuses));
  });
});

describe("statusFlags", () => {
  const flagTable: Record<PublicStatus, readonly (keyof StatusFlags)[]> = {
    PENDING_VERSION: ["isQueued"],
    DELAYED: ["isQueued"],
    QUEUED: ["isQueued"],
    DEQUEUED: ["isExecuting"],
    EXECUTING: ["isExecuting"],
    WAITING: ["isWaiting"],
    COMPLETED: ["isCompleted", "isSuccess"],
    FAILED: ["isCompleted", "isFailed"],
    CRASHED: ["isCompleted", "isFailed"],
    SYSTEM_FAILURE: ["isCompleted", "isFailed"],
    CANCELED: ["isCompleted", "isFailed", "isCancelled"],
    EXPIRED: ["isCompleted", "isFailed"],
    TIMED_OUT: ["isCompleted", "isFailed"],
  };
  for (const status of publicStatuses) {
    test(`of ${status} are ${flagTable[status].join(", ")}`, () => {
      const set = Object.entries(statusFlags(status)).flatMap(([flag, isSet]) => (isSet ? [flag] : []));
      assert.deepEqual(set.toSorted(), flagTable[status].toSorted());
    });
  }
});

describe("statusFilter", () => {
  /** Whether the store finds a run by a filter. */
  const matches = (filter: ReturnType<typeof statusFilter>, { state, outcome, attempt }: RunStanding) =>
    outcome !== null
      ? filter.outcomes.includes(outcome)
      : filter.states.some(
          (wanted) =>
            wanted.state === state && (wanted.isBetweenAttempts === null || wanted.isBetweenAttempts === attempt > 0),
        );

  test("is the reverse of publicStatus for every set of statuses", () => {
    for (let set = 0; set < 2 ** publicStatuses.length; set++) {
      const statuses = publicStatuses.filter((_, index) => (set >> index) & 1);
      const filter = statusFilter(statuses);
      const found = standings.filter((standing) => matches(filter, standing));
      assert.deepEqual(
        found,
        standings.filter((standing) => statuses.includes(publicStatus(standing))),
      );
    }
  });

  test("tells the two kinds of delay apart", () => {
    assert.deepEqual(statusFilter(["DELAYED"]).states, [{ state: "delayed", isBetweenAttempts: false }]);
    assert.deepEqual(statusFilter(["DELAYED", "EXECUTING"]).states, [
      { state: "delayed", isBetweenAttempts: null },
      { state: "executing", isBetweenAttempts: null },
      { state: "cancelling", isBetweenAttempts: null },
    ]);
  });

  test("finds nothing for no status", () => assert.deepEqual(statusFilter([]), { states: [], outcomes: [] }));
});

test("a run holds a slot from its claim to its end, and none while it waits", () => {
  assert.deepEqual(slotHoldingStates, ["claimed", "executing", "cancelling"]);
});
