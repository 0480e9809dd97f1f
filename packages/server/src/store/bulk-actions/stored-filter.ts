import type { RunFilter } from "../../engine/read-ports.ts";

/**
 * Writes a filter as it is stored with an action.
 *
 * @param filter - the filter
 * @returns JSON text, with times as ISO dates
 */
export function writeFilter(filter: RunFilter): string {
  return JSON.stringify(filter);
}

/**
 * Reads a filter that was stored with an action.
 *
 * @param stored - the value of the jsonb column
 * @returns the filter; null where the runs were named
 */
export function readFilter(stored: unknown): RunFilter | null {
  if (stored === null) return null;
  const filter = stored as Record<keyof RunFilter, unknown>; // as writeFilter wrote it
  const time = (value: unknown) => (typeof value === "string" ? new Date(value) : null);
  return { ...filter, from: time(filter.from), to: time(filter.to) } as RunFilter; // only times are not JSON
}
