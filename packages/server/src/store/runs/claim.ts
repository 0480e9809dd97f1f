import type { ClaimOutcome, ClaimRequest, NewRun } from "../../engine/ports.ts";
import type { Database, Rows, Statement } from "../db.ts";
import { claimRuns } from "./claim-lanes.ts";
import { claimPlainRuns } from "./claim-plain.ts";
import { claimedRun } from "./claimed-run.ts";
import { transactionAgain } from "./contended.ts";
import { boundsEveryMs, openLanes } from "./lanes.ts";
import { resumedRuns, resumeRuns } from "./resume.ts";
import { claimOfNew } from "./take-new.ts";
import { waitResultsOfResumed } from "./wait-results.ts";

/**
 * Takes the lock that claim, pause and limit changes of an environment share, until the end of the transaction. It is a
 * statement of its own, so that the next one counts with a snapshot that is younger than the lock.
 *
 * @param environmentId - the environment
 * @returns the statement
 */
export function lockEnvironment(environmentId: string): Statement {
  return {
    name: "environment_lock",
    text: "select pg_advisory_xact_lock(hashtextextended($1, 0))",
    values: [environmentId],
  };
}

/** Where something is queued it is soon looked again whether new runs still have to stand behind it, in milliseconds. */
const queuedForMs = 100;

/**
 * Claims on Postgres. Where the last claim of an environment needed no more, the next ones are tried in one statement that can
 * do less, and only when that declines in full.
 */
export class Claims {
  readonly #db: Database;
  /** Until when claims are tried plain, for each environment, on the clock of `performance.now()`. */
  readonly #plainUntil = new Map<string, number>();
  /** Until when new runs are queued first, since others were queued before them, for each environment, on the same clock. */
  readonly #queuedUntil = new Map<string, number>();

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * Lets runs of a host go on whose wait is over, then claims queued runs for it.
   *
   * @param request - how many runs, and for which host; without room, runs of the host only go on
   * @returns what it brought
   */
  async claim(request: ClaimRequest): Promise<ClaimOutcome> {
    return (await this.after([], request)).claim;
  }

  /**
   * Claims in the same transaction as other statements that come before it.
   *
   * @param before - the statements
   * @param request - how many runs, and for which host
   * @param isLocked - whether the first of the statements takes the environment's lock
   * @returns the rows of the statements, and what the claim brought
   */
  async after(
    before: readonly Statement[],
    request: ClaimRequest,
    isLocked = false,
  ): Promise<{ readonly rows: readonly Rows[]; readonly claim: ClaimOutcome }> {
    const lock = isLocked ? [] : [lockEnvironment(request.environmentId)];
    if (!this.#isPlain(request)) {
      const full = fullClaim(request);
      const results = await transactionAgain(this.#db, [...before, ...lock, ...full]);
      return { rows: results, claim: this.#read(request, results.slice(-full.length)) };
    }
    const results = await transactionAgain(this.#db, [...before, ...lock, claimPlainRuns(request)]);
    const claimed = results.at(-1) ?? [];
    if (claimed[0]?.is_plain === true) return { rows: results, claim: outcomeOf(claimed, [], claimed) };
    this.#plainUntil.delete(request.environmentId);
    return { rows: results, claim: await this.claim(request) };
  }

  /** Whether runs made now may need no place in a queue: nothing was found lately that stood there before such runs. */
  mayClaimNew(request: ClaimRequest): boolean {
    return this.#isPlain(request) && (this.#queuedUntil.get(request.environmentId) ?? 0) < performance.now();
  }

  /**
   * Makes runs of which the first are claimed as they are made, or claims after they were queued.
   *
   * @param runs - the runs
   * @param before - statements that come before the insert
   * @param insert - the insert, with the columns of `takenClaim`
   * @param request - how many to claim, and for which host
   * @returns the rows of the insert, and what the claim brought
   */
  async newRuns(
    runs: readonly NewRun[],
    before: readonly Statement[],
    insert: Statement,
    request: ClaimRequest,
  ): Promise<{ readonly made: Rows; readonly claim: ClaimOutcome }> {
    const { environmentId } = request;
    const results = await transactionAgain(this.#db, [lockEnvironment(environmentId), ...before, insert]);
    const made = results.at(-1) ?? [];
    const claim = claimOfNew(
      runs,
      made.find((row) => row.claim !== null),
    );
    if (claim !== null) return { made, claim };
    this.#queuedUntil.set(environmentId, performance.now() + queuedForMs);
    return { made, claim: await this.claim(request) };
  }

  #isPlain(request: ClaimRequest): boolean {
    return (
      request.isFreed !== true &&
      request.direct + request.ahead > 0 &&
      (this.#plainUntil.get(request.environmentId) ?? 0) > performance.now()
    );
  }

  /** Reads the answers of {@link fullClaim}. */
  #read(request: ClaimRequest, [, resumedRows = [], waitRows = [], claimedRows = []]: readonly Rows[]): ClaimOutcome {
    const resumed = resumedRuns(resumedRows, waitRows);
    if (request.direct + request.ahead > 0) {
      if (claimedRows[0]?.is_plain === true && resumed.length === 0)
        this.#plainUntil.set(request.environmentId, performance.now() + boundsEveryMs);
      else this.#plainUntil.delete(request.environmentId);
    }
    const openings = [...resumedRows.slice(0, 1), ...claimedRows.slice(0, 1)];
    const outcome = outcomeOf(claimedRows, resumed, openings);
    return resumedRows[0]?.is_full === true ? { ...outcome, isEnvironmentFull: true } : outcome;
  }
}

function fullClaim(request: ClaimRequest): readonly Statement[] {
  return [
    openLanes(request.environmentId),
    resumeRuns(request.environmentId, request.hostId, request.connection ?? null),
    waitResultsOfResumed(request.environmentId),
    ...(request.direct + request.ahead > 0 ? [claimRuns(request)] : []),
  ];
}

/**
 * @param rows - those of the claim
 * @param resumed - the runs that go on
 * @param openings - rows that say when a lane opens
 */
function outcomeOf(rows: Rows, resumed: ClaimOutcome["resumed"], openings: Rows): ClaimOutcome {
  const opensInMs = openings.map((row) => row.opens_in_ms).filter((inMs) => typeof inMs === "number");
  return {
    claimed: rows.filter((row) => row.run_id !== null).map(claimedRun),
    resumed,
    hasMore: rows[0]?.has_more === true,
    isEnvironmentFull: rows[0]?.is_full === true,
    envVarsVersion: Number(rows[0]?.env_vars_version ?? 0),
    opensInMs: opensInMs.length === 0 ? null : Math.min(...opensInMs),
  };
}
