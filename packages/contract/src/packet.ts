import superjson from "superjson";

/** How the text of a packet is to be read. `application/store` means that the text is the path of a stored blob. */
export type PacketType = "application/super+json" | "application/json" | "text/plain" | "application/store";

/** A value on its way: a payload or an output as text, with the way to read it. `text` is absent for `undefined`. */
export interface Packet {
  readonly text?: string;
  readonly type: PacketType;
}

/** The largest payload that a trigger call may carry, in bytes of UTF-8. */
export const maxPayloadBytes = 3 * 1024 * 1024;

/** The largest output of a run, in bytes of UTF-8. */
export const maxOutputBytes = 10 * 1024 * 1024;

/** Packets longer than this travel between server and host by reference, in characters. */
export const inlinePacketLength = 128 * 1024;

/**
 * Writes a value as a packet. Strings stay as they are; everything else goes through superjson, so that dates, maps, sets,
 * big integers, regular expressions, errors and URLs come back as what they were.
 *
 * @param value - anything that superjson can write
 * @returns the packet; `undefined` gives a packet without text
 * @throws whatever a getter or a `toJSON` inside the value throws
 * @example
 * ```ts
 * writePacket("hello"); // { text: "hello", type: "text/plain" }
 * writePacket({ at: new Date(0) }).type; // "application/super+json"
 * ```
 */
export function writePacket(value: unknown): Packet {
  if (value === undefined) return { type: "application/json" };
  if (typeof value === "string") return { text: value, type: "text/plain" };
  return { text: superjson.stringify(value), type: "application/super+json" };
}

/**
 * Reads a packet back into its value.
 *
 * @param packet - a packet whose text is present; a stored one must have been fetched before
 * @returns the value; `undefined` for a packet without text
 * @throws SyntaxError when the text is not what its type says
 * @example
 * ```ts
 * readPacket({ text: '{"json":1}', type: "application/super+json" }); // 1
 * ```
 */
export function readPacket(packet: Packet): unknown {
  if (packet.text === undefined) return undefined;
  switch (packet.type) {
    case "text/plain":
    case "application/store":
      return packet.text;
    case "application/json":
      return JSON.parse(packet.text);
    case "application/super+json":
      return superjson.parse(packet.text);
  }
}

/**
 * Reads a packet as the plain JSON that API callers see: dates as ISO strings, sets as arrays.
 *
 * @param packet - the packet
 * @returns a value that `JSON.stringify` can write
 * @example
 * ```ts
 * packetAsJson(writePacket({ at: new Date(0) })); // { at: "1970-01-01T00:00:00.000Z" }
 * ```
 */
export function packetAsJson(packet: Packet): unknown {
  if (packet.text === undefined) return undefined;
  if (packet.type !== "application/super+json") return readPacket(packet);
  const parsed: unknown = JSON.parse(packet.text);
  return typeof parsed === "object" && parsed !== null && "json" in parsed ? parsed.json : parsed;
}
