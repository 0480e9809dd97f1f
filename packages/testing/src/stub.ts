import { readPacket, writePacket } from "@pawl/contract/packet";
import { runErrorOf } from "@pawl/worker/executor";
import type { MemoryRun, RunEnding } from "./memory-run.ts";

/** What stands in for the runs of a task: it gets their payload and gives their output, or throws. */
export type Stub = (payload: unknown, run: { readonly id: string; readonly tags: readonly string[] }) => unknown;

/**
 * Has a stub do the work of a run.
 *
 * @param stub - the stub
 * @param run - the run
 * @returns how the run ends; what the stub throws is its error, and is not tried again
 */
export async function standIn(stub: Stub, run: MemoryRun): Promise<RunEnding> {
  try {
    const output = await stub(readPacket(run.order.payload), { id: run.id, tags: run.tags });
    return { outcome: "completed", output: writePacket(output) };
  } catch (thrown) {
    return { outcome: "failed", error: runErrorOf(thrown) };
  }
}
