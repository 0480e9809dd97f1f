import { subscribeToBatch, subscribeToRun, subscribeToRunsWithTag } from "../realtime/subscribe.ts";
import { bulk } from "./bulk.ts";
import { cancel, replay, reschedule } from "./control.ts";
import { fetchStream } from "./fetch-stream.ts";
import { list } from "./list.ts";
import { poll } from "./poll.ts";
import { retrieve } from "./retrieve.ts";

/**
 * Looks at runs, and controls them.
 *
 * @example
 * ```ts
 * const run = await runs.poll(handle);
 * const failed = await runs.list({ status: "FAILED" });
 * await runs.replay(run.id);
 * for await (const change of runs.subscribeToRun(handle)) console.log(change.status);
 * ```
 */
export const runs = {
  retrieve,
  poll,
  list,
  cancel,
  replay,
  reschedule,
  bulk,
  fetchStream,
  subscribeToRun,
  subscribeToRunsWithTag,
  subscribeToBatch,
};
