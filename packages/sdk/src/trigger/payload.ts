import { maxPayloadBytes, type Packet, writePacket } from "@pawl/contract/packet";
import { PayloadError } from "../errors/task-error.ts";
import { pathText } from "../tasks/schema.ts";

const maxPathLength = 32;

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
  let packet: Packet;
  try {
    packet = writePacket(payload);
  } catch (error) {
    const path = pathText(pathToUnwritable(payload));
    const reason = error instanceof Error ? error.message : String(error);
    const place = path === "" ? "" : ` at ${path}`;
    throw new PayloadError(`The payload for ${subject} can't be written as JSON${place}: ${reason}`, { cause: error });
  }
  const lost = pathToLost(payload);
  if (lost !== null) {
    const place = lost.path === "" ? "is" : `has at ${lost.path}`;
    throw new PayloadError(`The payload for ${subject} ${place} a ${lost.kind}, which JSON can't carry.`);
  }
  const bytes = byteLength(packet.text ?? "");
  if (bytes <= maxPayloadBytes) return packet;
  throw new PayloadError(
    `The payload for ${subject} has ${(bytes / 1024 / 1024).toFixed(1)} MB; at most 3 MB can be sent. ` +
      "Store it elsewhere and pass its address.",
  );
}

/** A value that would silently be lost on its way. */
export interface LostValue {
  readonly kind: "function" | "symbol";
  /** Such as `movies[3].render`; empty for the value itself. */
  readonly path: string;
}

/**
 * Finds a function or a symbol in a value that is to be sent: JSON would leave it out without a word.
 *
 * @param value - the value, which can be written
 * @returns the first one; null when there is none
 * @example
 * ```ts
 * pathToLost({ on: [() => 1] }); // { kind: "function", path: "on[0]" }
 * ```
 */
export function pathToLost(value: unknown): LostValue | null {
  const seen = new Set<object>();
  const path: PropertyKey[] = [];
  const lostIn = (current: unknown): LostValue["kind"] | null => {
    if (typeof current === "function" || typeof current === "symbol")
      return typeof current === "function" ? "function" : "symbol";
    if (typeof current !== "object" || current === null || seen.has(current) || writesItself(current)) return null;
    seen.add(current);
    for (const [key, child] of childrenOf(current)) {
      path.push(key);
      const found = lostIn(child);
      if (found !== null) return found;
      path.pop();
    }
    return null;
  };
  const kind = lostIn(value);
  return kind === null ? null : { kind, path: pathText(path) };
}

/** Whether a value has a form of its own in a packet, whatever else it holds. */
function writesItself(value: object): boolean {
  if (ArrayBuffer.isView(value) || value instanceof Date || value instanceof RegExp || value instanceof Error)
    return true;
  return "toJSON" in value && typeof value.toJSON === "function";
}

function* childrenOf(value: object): Iterable<readonly [PropertyKey, unknown]> {
  if (value instanceof Map) {
    let index = 0;
    for (const [key, child] of value) {
      yield [index, key];
      yield [typeof key === "string" ? key : index, child];
      index++;
    }
    return;
  }
  if (value instanceof Set) yield* [...value].entries();
  else yield* Object.entries(value);
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
