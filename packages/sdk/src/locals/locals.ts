import { RunContextError } from "../errors/task-error.ts";
import { type RunCell, runtime } from "../runtime.ts";

/** A key of {@link locals}, for values of one type. */
export interface LocalsKey<T> {
  readonly id: string;
  /** For the type checker alone. */
  readonly type?: T;
}

/** The calls of {@link locals}. */
export interface Locals {
  /**
   * Makes a key. Two with the same id are the same.
   *
   * @param id - unique in the project
   * @example
   * ```ts
   * export const databaseLocal = locals.create<Database>("database");
   * ```
   */
  create<T>(id: string): LocalsKey<T>;
  /**
   * Keeps a value for the rest of the run's attempt.
   *
   * @returns the value
   * @throws RunContextError outside of a run
   * @example
   * ```ts
   * locals.set(databaseLocal, await connect());
   * ```
   */
  set<T>(key: LocalsKey<T>, value: T): T;
  /**
   * Gives what was kept.
   *
   * @returns the value; undefined where nothing was kept, and outside of a run
   * @example
   * ```ts
   * locals.get(databaseLocal)?.query("select 1");
   * ```
   */
  get<T>(key: LocalsKey<T>): T | undefined;
  /**
   * Gives what was kept, where it must be there.
   *
   * @throws Error with the key's id when nothing was kept; RunContextError outside of a run
   * @example
   * ```ts
   * await locals.getOrThrow(databaseLocal).query("select 1");
   * ```
   */
  getOrThrow<T>(key: LocalsKey<T>): T;
}

/**
 * Values of one attempt of a run, which its hooks, its middleware and its code share: a connection, a logger, a user. Each run has its own,
 * also where runs share a process.
 *
 * @example
 * ```ts
 * const databaseLocal = locals.create<Database>("database");
 * tasks.middleware("database", async ({ next }) => {
 *   const database = locals.set(databaseLocal, await connect());
 *   try {
 *     await next();
 *   } finally {
 *     await database.close();
 *   }
 * });
 * ```
 */
export const locals: Locals = {
  create: <T>(id: string): LocalsKey<T> => ({ id }),
  set(key, value) {
    const cell = cellFor("locals.set");
    cell.locals ??= new Map();
    cell.locals.set(key.id, value);
    return value;
  },
  get: <T>(key: LocalsKey<T>) => runtime().context?.getStore()?.locals?.get(key.id) as T | undefined, // set() takes a T for it
  getOrThrow<T>(key: LocalsKey<T>): T {
    const { locals } = cellFor("locals.getOrThrow");
    if (locals?.has(key.id) === true) return locals.get(key.id) as T; // set() takes a T for it
    throw new Error(`Nothing was kept under the local "${key.id}". Call locals.set before, such as in a middleware.`);
  },
};

/** Hooks at the end of a run use its locals, too. */
function cellFor(call: string): RunCell {
  const cell = runtime().context?.getStore();
  if (cell === undefined)
    throw new RunContextError(`${call} was called outside of a run. It belongs into the code of a task.`);
  return cell;
}
