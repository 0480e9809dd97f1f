const outageCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ECONNABORTED",
  "EPIPE",
  "ENOENT", // the socket file of a Postgres that is down
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ETIMEDOUT",
  "53300", // too many connections
]);

// The driver throws these without a code.
const outageMessages =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded when trying to connect)/;

/**
 * Tells an error of a database that is out of reach or can't keep up, which passes by itself, from a bug.
 *
 * @param error - what a call of the store threw, or an error whose cause that is
 * @returns whether the same call may succeed later
 * @example
 * ```ts
 * isOutage(Object.assign(new Error("connect"), { code: "ECONNREFUSED" })); // true
 * ```
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error.name === "TelemetryBacklogError") return true;
  if ("code" in error && typeof error.code === "string") {
    // SQLSTATE 57P0x: the server shuts down, crashed or is starting; 08xxx: the connection itself.
    if (outageCodes.has(error.code) || /^(57P0\d|08[0-9A-Z]{3})$/.test(error.code)) return true;
  }
  if (outageMessages.test(error.message)) return true;
  if (error instanceof AggregateError && error.errors.some(isOutage)) return true;
  return error.cause !== undefined && isOutage(error.cause);
}
