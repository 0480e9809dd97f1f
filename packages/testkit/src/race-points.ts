import { setTimeout as delay } from "node:timers/promises";
import type { Database, Statement } from "@pawl/server/store/db";

/** One actor, stopped at a named point. */
export interface RacePoint {
  /** Resolves when an actor has come to the point. */
  readonly reached: Promise<void>;
  /** Lets it go on, and everybody who comes later. */
  release(): void;
}

/** A database whose users can be stopped at their statements. */
export interface RaceDatabase {
  /** For the actor that is to be stopped. */
  readonly database: Database;
  /**
   * Stops the next transaction with a statement of this name, or of one of these. `before`: nothing of it has been sent; `after`: it has committed, and its
   * caller does not know yet.
   */
  hold(statementName: string | readonly string[], when: "before" | "after"): RacePoint;
}

interface Hold {
  readonly statementNames: readonly string[];
  readonly when: "before" | "after";
  arrive(): Promise<void>;
}

/**
 * Wraps a database, so that every statement's name is a race point: a test holds one actor there and drives another through
 * the window. The code under test knows nothing of it.
 *
 * @param database - the database to wrap
 * @returns the wrapped database and its race points
 * @example
 * ```ts
 * const races = raceDatabase(database);
 * const point = races.hold("runs_claim", "after");
 * const claiming = createRunStore(races.database).claim(request);
 * await point.reached; // claimed, and the engine does not know
 * point.release();
 * ```
 */
export function raceDatabase(database: Database): RaceDatabase {
  const holds: Hold[] = [];
  async function pass(statements: readonly Statement[], when: Hold["when"]): Promise<void> {
    const index = holds.findIndex(
      (hold) => hold.when === when && statements.some((statement) => hold.statementNames.includes(statement.name)),
    );
    const [hold] = index < 0 ? [] : holds.splice(index, 1);
    await hold?.arrive();
  }
  return {
    database: {
      async transaction(statements) {
        await pass(statements, "before");
        const rows = await database.transaction(statements);
        await pass(statements, "after");
        return rows;
      },
      async query(statement) {
        await pass([statement], "before");
        const rows = await database.query(statement);
        await pass([statement], "after");
        return rows;
      },
      connect: () => database.connect(),
      close: () => database.close(),
    },
    hold(statementName, when) {
      const reached = signal();
      const released = signal();
      holds.push({
        statementNames: [statementName].flat(),
        when,
        arrive() {
          reached.give();
          return released.given;
        },
      });
      return { reached: reached.given, release: released.give };
    },
  };
}

function signal(): { readonly given: Promise<void>; give(): void } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { given, give };
}

/** Locks held by a test. */
export interface HeldLock {
  release(): Promise<void>;
}

/**
 * Holds the locks that a statement takes, in a transaction of its own, until they are released: stops an actor in the middle
 * of its transaction, where it needs one of them.
 *
 * @param database - where
 * @param sql - the statement, such as `select 1 from environment where id = … for update`
 * @returns what releases them
 */
export async function holdLock(database: Database, sql: string): Promise<HeldLock> {
  const client = await database.connect();
  await client.query("begin");
  await client.query(sql);
  return { release: () => client.end() };
}

/**
 * Waits until transactions of this database wait for locks.
 *
 * @param database - where
 * @param count - how many have to wait
 */
export async function untilBlocked(database: Database, count = 1): Promise<void> {
  for (;;) {
    const [row] = await database.query({
      name: "testkit_blocked",
      text: `select count(*)::int as blocked from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock'`,
      values: [],
    });
    if (Number(row?.blocked) >= count) return;
    await delay(2);
  }
}
