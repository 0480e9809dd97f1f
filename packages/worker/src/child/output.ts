import { maxOutputBytes, type Packet, writePacket } from "@pawl/contract/packet";
import { type Failure, internalFailure } from "./failure.ts";

/** What became of the code, before the run's identity and duration are added. */
export type Ending = { readonly kind: "completed"; readonly packet: Packet } | Failure;

const completionMark = Symbol.for("pawl.error.CompleteTaskWithOutput.1");

/**
 * Writes what a task returned.
 *
 * @param output - the value
 * @returns the packet, or the failure of an output that can't be written or is too large
 */
export function writeOutput(output: unknown): Ending {
  try {
    const packet = writePacket(output);
    // A text has at most three bytes of UTF-8 for each of its units, so most need no count.
    const length = packet.text?.length ?? 0;
    if (length * 3 > maxOutputBytes && Buffer.byteLength(packet.text ?? "") > maxOutputBytes) {
      return internalFailure("TASK_OUTPUT_ERROR", `The output is larger than ${maxOutputBytes} bytes.`);
    }
    return { kind: "completed", packet };
  } catch (thrown) {
    return internalFailure("TASK_OUTPUT_ERROR", thrown);
  }
}

/**
 * Gives what code came to: its value, or that of a `CompleteTaskWithOutput` which it threw, from whatever copy of the SDK.
 *
 * @param code - the code
 * @returns its output
 * @throws anything else that it throws
 */
export async function outputOf(code: Promise<unknown>): Promise<unknown> {
  try {
    return await code;
  } catch (thrown) {
    if (typeof thrown === "object" && thrown !== null && completionMark in thrown && "output" in thrown)
      return thrown.output;
    throw thrown;
  }
}
