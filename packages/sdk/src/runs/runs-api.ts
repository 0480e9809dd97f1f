import { list } from "./list.ts";
import { poll } from "./poll.ts";
import { retrieve } from "./retrieve.ts";

/**
 * Looks at runs.
 *
 * @example
 * ```ts
 * const run = await runs.poll(handle);
 * const failed = await runs.list({ status: "FAILED" });
 * ```
 */
export const runs = { retrieve, poll, list };
