import pg from "pg";

/**
 * Tells an error that one row of a statement may have caused (a value that does not fit, a broken constraint), so that the statement
 * can succeed without that row.
 *
 * @param error - what a statement threw
 * @returns whether a single row may be to blame
 */
export function isRowError(error: unknown): boolean {
  // SQLSTATE 21: cardinality, 22: data, 23: constraint, 54: program limit.
  return error instanceof pg.DatabaseError && /^(21|22|23|54)/.test(error.code ?? "");
}
