import { pathToLost, pathToUnwritable } from "@pawl/contract/lost-values";
import { maxPayloadBytes, type Packet, writePacket } from "@pawl/contract/packet";
import { PayloadError } from "../errors/task-error.ts";

/**
 * Writes a payload for a trigger call.
 *
 * @param subject - what it is for, for messages: `task mail.send`
 * @param payload - the value
 * @returns the packet
 * @throws PayloadError when it has more than 3 MB, or a value in it can't be written or would be lost, as a function would;
 * the message names its path
 * @example
 * ```ts
 * writePayload("task t", { at: new Date(0) }).type; // "application/super+json"
 * ```
 */
export function writePayload(subject: string, payload: unknown): Packet {
  const packet = written(subject, payload);
  const bytes = byteLength(packet.text ?? "");
  if (bytes <= maxPayloadBytes) return packet;
  throw new PayloadError(
    `The payload for ${subject} has ${(bytes / 1024 / 1024).toFixed(1)} MB; at most 3 MB can be sent. ` +
      "Store it elsewhere and pass its address.",
  );
}

function written(subject: string, payload: unknown): Packet {
  let packet: Packet | null = null;
  let failure: unknown;
  try {
    packet = writePacket(payload);
  } catch (error) {
    failure = error;
  }
  const lost = lostIn(payload);
  if (lost !== null) {
    const place = lost.path === "" ? "is" : `has at ${lost.path}`;
    throw new PayloadError(`The payload for ${subject} ${place} ${lost.kind}, which JSON can't carry.`);
  }
  if (packet !== null) return packet;
  const path = pathToUnwritable(payload);
  const reason = failure instanceof Error ? failure.message : String(failure);
  const place = path === "" ? "" : ` at ${path}`;
  throw new PayloadError(`The payload for ${subject} can't be written as JSON${place}: ${reason}`, { cause: failure });
}

/** A value that throws when it is looked at is told as one that can't be written. */
function lostIn(payload: unknown): ReturnType<typeof pathToLost> {
  try {
    return pathToLost(payload);
  } catch {
    return null;
  }
}

/** The length in UTF-8, counted only where it can matter: no character takes more than three bytes for each of its units. */
function byteLength(text: string): number {
  return text.length * 3 <= maxPayloadBytes ? text.length : new TextEncoder().encode(text).length;
}
