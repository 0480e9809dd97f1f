import type { PacketType } from "@pawl/contract/packet";
import { readPacket } from "@pawl/contract/packet";
import type { ChildResult } from "@pawl/contract/worker-protocol";
import { errorOfRun } from "../errors/run-error.ts";
import type { TaskRunResult } from "../tasks/result-types.ts";

/**
 * Reads how a run that was waited for ended.
 *
 * @param child - the run, as the server tells of it
 * @returns its output as a value, or its error as an `Error`
 * @example
 * ```ts
 * taskRunResult({ taskId: "t", runId: "run_1", ok: true, output: "hello", outputType: "text/plain" }).ok; // true
 * ```
 */
export function taskRunResult<TId extends string, TOutput>(child: ChildResult): TaskRunResult<TId, TOutput> {
  const id = child.runId ?? "";
  const taskIdentifier = child.taskId as TId; // the run is of the task that was triggered
  if (!child.ok) return { ok: false, id, taskIdentifier, error: errorOfRun(child.error) };
  return { ok: true, id, taskIdentifier, output: readOutput(child) as TOutput }; // of the type of the task
}

/**
 * Reads an output.
 *
 * @param packet - its text and the way to read it
 * @returns the value
 * @example
 * ```ts
 * readOutput({ output: "hello", outputType: "text/plain" }); // "hello"
 * ```
 */
export function readOutput(packet: Pick<ChildResult, "output" | "outputType">): unknown {
  const { output: text, outputType = "application/json" } = packet;
  return text === undefined ? undefined : readPacket({ text, type: outputType as PacketType }); // what packets are written as
}
