/**
 * Turns times of an answer of the API into dates.
 *
 * @param record - an object of the answer
 * @param fields - its fields that hold a time as text
 * @returns a copy with dates in those that are present
 * @example
 * ```ts
 * withDates({ createdAt: "1970-01-01T00:00:00.000Z" }, ["createdAt"]); // { createdAt: new Date(0) }
 * ```
 */
export function withDates(
  record: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Readonly<Record<string, unknown>> {
  const changed: Record<string, unknown> = { ...record };
  for (const field of fields) {
    const text = record[field];
    if (typeof text === "string") changed[field] = new Date(text);
  }
  return changed;
}
