import type { RunResult } from "@pawl/contract/worker-protocol";
import type { Completion } from "../ports.ts";

/**
 * Complete: an executing run ends well. Accepts `executing` and `cancelling` under the claim's fence.
 *
 * @param result - what the host reported
 * @returns what the store has to record
 */
export function completion(result: Extract<RunResult, { kind: "completed" }>): Completion {
  return {
    runId: result.runId,
    fence: result.fence,
    output: result.output ?? null,
    outputType: result.outputType,
    durationMs: result.durationMs,
  };
}
