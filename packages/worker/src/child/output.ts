import { type LostValue, pathToLost, pathToUnwritable } from "@pawl/contract/lost-values";
import { maxOutputBytes, type Packet, writePacket } from "@pawl/contract/packet";
import { type Failure, internalFailure } from "./failure.ts";
import { describeThrown } from "./thrown-value.ts";

/** What became of the code, before the run's identity and duration are added. */
export type Ending = { readonly kind: "completed"; readonly packet: Packet } | Failure;

const completionMark = Symbol.for("pawl.error.CompleteTaskWithOutput.1");

/**
 * Writes what a task returned.
 *
 * @param output - the value
 * @returns the packet, or the failure of an output that is too large, can't be written, or holds what would be lost: the message names
 *   its path
 */
export function writeOutput(output: unknown): Ending {
  if (output === undefined || typeof output === "number" || typeof output === "boolean") return written(output);
  try {
    const lost = pathToLost(output);
    return lost === null ? written(output) : refused(`${holding(lost)} ${adviceFor(lost)}`);
  } catch {
    return written(output); // it throws when it is looked at: writing it says so
  }
}

function written(output: unknown): Ending {
  let packet: Packet;
  try {
    packet = writePacket(output);
  } catch (thrown) {
    const path = pathToUnwritable(output);
    const place = path === "" ? "The output" : `What the output has at ${path}`;
    return refused(`${place} can't be written as JSON: ${describeThrown(thrown).message}`);
  }
  const bytes = byteLength(packet.text ?? "");
  if (bytes <= maxOutputBytes) return { kind: "completed", packet };
  const size = (bytes / 1024 / 1024).toFixed(1);
  return refused(
    `The output has ${size} MB; a run can return ${maxOutputBytes / 1024 / 1024} MB at most. Store it elsewhere and return its address.`,
  );
}

/** The length in UTF-8, counted only where it can matter: no character takes more than three bytes for each of its units. */
function byteLength(text: string): number {
  return text.length * 3 <= maxOutputBytes ? text.length : Buffer.byteLength(text);
}

function holding({ kind, path }: LostValue): string {
  return path === "" ? `The output is ${kind}.` : `The output has at ${path} ${kind}.`;
}

function adviceFor({ kind }: LostValue): string {
  if (kind.includes("promise")) return "Await it, and return what it gives.";
  if (kind.includes("open") || kind.includes("timer")) {
    return "It stays in the process of the run: close it, and return the data that you got from it.";
  }
  return "JSON can't carry it: leave it out.";
}

function refused(message: string): Failure {
  return internalFailure("TASK_OUTPUT_ERROR", message);
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
    const completion = completionIn(thrown);
    if (completion !== null) return completion.output;
    throw thrown;
  }
}

function completionIn(thrown: unknown): { readonly output: unknown } | null {
  try {
    const isCompletion =
      typeof thrown === "object" && thrown !== null && completionMark in thrown && "output" in thrown;
    return isCompletion ? thrown : null;
  } catch {
    return null; // it throws when it is looked at
  }
}
