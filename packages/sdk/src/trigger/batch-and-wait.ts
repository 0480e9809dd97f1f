import { BatchTriggerError } from "../errors/batch-error.ts";
import type { BatchResult, TaskRunResult } from "../tasks/result-types.ts";
import { keptForLater, type OpenedWait, resultOf, waitingRun } from "../wait/opened-wait.ts";
import { WaitPromise } from "../wait/wait-promise.ts";
import { type BatchCall, sendBatch } from "./batch-trigger.ts";
import { taskRunResult } from "./task-run-result.ts";

/**
 * Starts one run for each item at once, and waits for all of them when the result is asked for.
 *
 * @param call - items and options
 * @returns the results on their way, in the order of the items; a run that failed, or could not be made, is one of them
 * @throws RunContextError outside of a run; what `batchTrigger` throws; BatchTriggerError when the batch was aborted; all of
 * them when it is awaited
 * @example
 * ```ts
 * const { runs } = await batchTriggerAndWait({ items: [1, 2], toEntry, options: undefined, requestOptions: undefined });
 * ```
 */
export function batchTriggerAndWait<TItem, TRuns extends readonly TaskRunResult[]>(
  call: BatchCall<TItem>,
): Promise<BatchResult<TRuns>> {
  const opening = keptForLater(open(call));
  return new WaitPromise(async () => {
    const result = await resultOf(opening);
    if (result.kind !== "batch") throw new Error(`The wait for a batch ended as one for a ${result.kind}.`);
    const { batchId: id, isAborted, runs } = result;
    if (isAborted) throw aborted(id, runs.length);
    // The server answers with one result for each item, of the item's task.
    return { id, runs: runs.map((run) => taskRunResult(run)) as readonly TaskRunResult[] as TRuns };
  });
}

async function open<TItem>(call: BatchCall<TItem>): Promise<OpenedWait> {
  const run = waitingRun("Triggering a batch and waiting for it");
  // Taken before the items are read: an attempt after a loss must arrive at the same key, however long reading takes.
  const wait = run.nextWait("batch");
  const { batchId, runCount } = await sendBatch(call, run, wait);
  return { run, wait, about: Promise.resolve({ type: "batch", batchId, runCount }) };
}

function aborted(batchId: string, itemCount: number): BatchTriggerError {
  const cause = new Error("it was aborted, since its items did not all arrive in ten minutes.");
  return new BatchTriggerError({ phase: "stream", batchId, itemCount, cause });
}
