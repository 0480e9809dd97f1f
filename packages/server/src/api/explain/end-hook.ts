import type { RunExplanation } from "@pawl/contract/api/explain";
import { publicRunError } from "@pawl/contract/errors";
import type { EndHook } from "../../engine/read-ports.ts";

/**
 * Says of a run that has finished why its hook has not been called, or that it went wrong.
 *
 * @param hook - the hook
 * @param around - why the run that calls it does not execute; null: there is none, or it has finished
 * @returns the reason, null once it was called, and the conditions of the run that calls it
 */
export function explainEndHook({ kind, outcome, error }: EndHook, around: RunExplanation | null): RunExplanation {
  const intro = `The run has finished, and its ${kind} hook is called by a process of its own.`;
  if (around !== null) return { ...around, reason: `${intro} ${around.reason ?? "It executes now."}` };
  if (outcome === null) return { reason: `${intro} That is prepared at the moment.`, conditions: [] };
  if (outcome === "completed") return { reason: null, conditions: [] };
  const why = error === null ? outcome : publicRunError(error).message;
  return { reason: `The run has finished. Its ${kind} hook was called and went wrong: ${why}`, conditions: [] };
}
