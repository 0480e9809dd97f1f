import type { TriggeredRun } from "../load/protocol.ts";
import type { System } from "../system/system.ts";

/**
 * From before each trigger call to the first line of the task, which returned its moment; both on the machine's monotonic clock.
 *
 * @param system - what is measured
 * @param runs - finished runs of `bench.moment`
 * @returns milliseconds
 */
export async function startLatenciesMs({ rows }: System, runs: readonly TriggeredRun[]): Promise<readonly number[]> {
  const outputs = await rows.outputs(runs.map(({ runId }) => runId));
  return runs.map(({ runId, calledAtNs }) => {
    const startedAtNs = outputs.get(runId);
    if (startedAtNs === undefined) throw new Error(`Run ${runId} has no row.`);
    return Number(BigInt(startedAtNs) - BigInt(calledAtNs)) / 1e6;
  });
}
