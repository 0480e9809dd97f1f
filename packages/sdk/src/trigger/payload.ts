import { maxPayloadBytes, type Packet, writePacket } from "@pawl/contract/packet";
import { PayloadError } from "../errors/task-error.ts";
import { pathText } from "../tasks/schema.ts";

const maxPathLength = 32;

/**
 * Writes a payload for a trigger call.
 *
 * @param taskId - the task, for messages
 * @param payload - the value
 * @returns the packet
 * @throws PayloadError when it has more than 3 MB, or a value in it can't be written; the message names its path
 * @example
 * ```ts
 * writePayload("t", { at: new Date(0) }).type; // "application/super+json"
 * ```
 */
export function writePayload(taskId: string, payload: unknown): Packet {
  let packet: Packet;
  try {
    packet = writePacket(payload);
  } catch (error) {
    const path = pathText(pathToUnwritable(payload));
    const reason = error instanceof Error ? error.message : String(error);
    const place = path === "" ? "" : ` at ${path}`;
    throw new PayloadError(`The payload for task ${taskId} can't be written as JSON${place}: ${reason}`, {
      cause: error,
    });
  }
  const bytes = byteLength(packet.text ?? "");
  if (bytes <= maxPayloadBytes) return packet;
  throw new PayloadError(
    `The payload for task ${taskId} has ${(bytes / 1024 / 1024).toFixed(1)} MB; at most 3 MB can be sent. ` +
      "Store it elsewhere and pass its address.",
  );
}

/** Follows the first child that can't be written by itself, down to one whose children all can. */
function pathToUnwritable(payload: unknown): PropertyKey[] {
  const path: PropertyKey[] = [];
  let value = payload;
  while (path.length < maxPathLength) {
    const key = unwritableKey(value);
    if (key === null) break;
    path.push(key);
    value = childOf(value, key);
  }
  return path;
}

function unwritableKey(value: unknown): PropertyKey | null {
  if (typeof value !== "object" || value === null) return null;
  for (const key of Object.keys(value)) {
    try {
      writePacket(childOf(value, key));
    } catch {
      return key;
    }
  }
  return null;
}

function childOf(value: unknown, key: PropertyKey): unknown {
  return (value as Readonly<Record<PropertyKey, unknown>>)[key]; // any object can be read by name
}

/** The length in UTF-8, counted only where it can matter: no character takes more than three bytes for each of its units. */
function byteLength(text: string): number {
  return text.length * 3 <= maxPayloadBytes ? text.length : new TextEncoder().encode(text).length;
}
