import type { ClaimOutcome, ClaimRequest } from "../../engine/ports.ts";
import type { Database, Rows, Statement } from "../db.ts";
import { claimRuns } from "./claim-lanes.ts";
import { claimPlainRuns } from "./claim-plain.ts";
import { claimedRun } from "./claimed-run.ts";
import { transactionAgain } from "./contended.ts";
import { boundsEveryMs, openLanes } from "./lanes.ts";
import { resumeRuns } from "./resume.ts";
import { readWaitResults, waitResultsOf } from "./wait-results.ts";

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

/**
 * Claims on Postgres. Where the last claim of an environment needed no more, the next ones are tried in one statement that can
 * do less, and only when that declines in full.
 */
export class Claims {
  readonly #db: Database;
  /** Until when claims are tried plain, for each environment, on the clock of `performance.now()`. */
  readonly #plainUntil = new Map<string, number>();

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
      const results = await transactionAgain(this.#db, [...before, ...lock, ...fullClaim(request)]);
      return { rows: results, claim: await this.#read(request, results) };
    }
    const results = await transactionAgain(this.#db, [...before, ...lock, claimPlainRuns(request)]);
    const claimed = results.at(-1) ?? [];
    if (claimed[0]?.is_plain === true) return { rows: results, claim: outcomeOf(claimed, [], claimed) };
    this.#plainUntil.delete(request.environmentId);
    return { rows: results, claim: await this.claim(request) };
  }

  #isPlain(request: ClaimRequest): boolean {
    return (
      request.isFreed !== true &&
      request.direct + request.ahead > 0 &&
      (this.#plainUntil.get(request.environmentId) ?? 0) > performance.now()
    );
  }

  /** Reads the answers of {@link fullClaim}, the last of a transaction, and what the waits of the resumed runs came to. */
  async #read(request: ClaimRequest, results: readonly Rows[]): Promise<ClaimOutcome> {
    const hasClaimed = request.direct + request.ahead > 0;
    const resumedRows = results.at(hasClaimed ? -2 : -1) ?? [];
    const claimedRows = (hasClaimed ? results.at(-1) : undefined) ?? [];
    // The casts state the column types of the statement.
    const claims = resumedRows
      .filter((row) => row.run_id !== null)
      .map((row) => ({ runId: row.run_id as string, fence: row.fence as number }));
    const { environmentId } = request;
    if (hasClaimed) {
      if (claimedRows[0]?.is_plain === true && claims.length === 0)
        this.#plainUntil.set(environmentId, performance.now() + boundsEveryMs);
      else this.#plainUntil.delete(environmentId);
    }
    const waits =
      claims.length === 0 ? null : readWaitResults(await this.#db.query(waitResultsOf(environmentId, claims)));
    const outcome = outcomeOf(
      claimedRows,
      claims.map((claim) => ({ ...claim, waits: waits?.get(claim.runId) ?? [] })),
      [...resumedRows.slice(0, 1), ...claimedRows.slice(0, 1)],
    );
    return resumedRows[0]?.is_full === true ? { ...outcome, isEnvironmentFull: true } : outcome;
  }
}

function fullClaim(request: ClaimRequest): readonly Statement[] {
  return [
    openLanes(request.environmentId),
    resumeRuns(request.environmentId, request.hostId, request.connection ?? null),
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
