import type { RunCall } from "@pawl/contract/worker-protocol";
import { apiErrorFromCall } from "../errors/api-error-from-call.ts";
import type { ActiveRun } from "../runtime.ts";

/**
 * Asks the server on behalf of a run, through its host and under its claim.
 *
 * @param run - the run
 * @param request - what to ask
 * @returns the answer, of the type that the protocol has for this kind of call
 * @throws ApiError when the server refuses
 * @example
 * ```ts
 * const { runId } = await callAsRun<TriggerCallAnswer>(run, { kind: "trigger", taskId: "t", options: {} });
 * ```
 */
export async function callAsRun<TAnswer>(run: ActiveRun, request: RunCall): Promise<TAnswer> {
  try {
    return (await run.call(request)) as TAnswer; // the server answers with what the protocol says
  } catch (thrown) {
    throw apiErrorFromCall(thrown);
  }
}
