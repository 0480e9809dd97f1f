import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import type { Database, Rows, Statement } from "../db.ts";

/** So often a transaction is begun again. */
const maxTries = 50;

/**
 * Runs a transaction that may be undone for the locks of others, and begins it again then: where two meet over the keys and queues that
 * they insert (Postgres undoes one of them), and where it locks waiting runs. Whoever completes a waitpoint or suspends for one holds its lock while it takes
 * the lock of the waiting run, and whoever ends that run may hold it and come the other way: so that lock, and no other, is waited for
 * only so long (a `lock_timeout` set within the transaction). One that does not get it is undone and begun again from its first statement.
 *
 * @param db - the database
 * @param statements - the statements of the transaction
 * @returns the rows of each
 */
export async function transactionAgain(db: Database, statements: readonly Statement[]): Promise<readonly Rows[]> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction(statements);
    } catch (error) {
      if (!isLockConflict(error) || tries === maxTries) throw error;
      await delay(Math.random() * 10 * Math.min(tries, 10)); // two that undo each other come at different times
    }
  }
}

/** A lock was not to be had in time, or only by undoing somebody. */
function isLockConflict(error: unknown): boolean {
  return error instanceof pg.DatabaseError && (error.code === "55P03" || error.code === "40P01");
}
