import { v7 } from "uuid";

/** The prefixes of Pawl's public ids; the part before the underscore says what an id names. */
export type IdPrefix =
  | "run"
  | "batch"
  | "waitpoint"
  | "sched"
  | "queue"
  | "bulk"
  | "env"
  | "proj"
  | "host"
  | "version"
  | "deployment"
  | "pat";

/** A public id such as `run_06a4…`: a prefix, an underscore, and 26 characters that sort by time. */
export type PublicId<P extends IdPrefix = IdPrefix> = `${P}_${string}`;

// Crockford's base 32 in lower case: it keeps the order of the bytes and has no look-alike letters.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
const valueByCode = new Int8Array(128).fill(-1);
for (let value = 0; value < alphabet.length; value++) valueByCode[alphabet.charCodeAt(value)] = value;
// Ids are written several times for each run: ten bits at once instead of five.
const charPairs = Array.from({ length: 1024 }, (_, bits) => alphabet.charAt(bits >> 5) + alphabet.charAt(bits & 31));

/**
 * Makes a UUID of version 7: ordered by the time it was made, in milliseconds, and unique across machines.
 *
 * @param atMs - time to encode, in milliseconds since 1970; default: now
 * @returns the UUID in its usual form of 36 characters
 * @example
 * ```ts
 * newUuid() < newUuid(); // true
 * ```
 */
export function newUuid(atMs?: number): string {
  return atMs === undefined ? v7() : v7({ msecs: atMs });
}

/**
 * Turns a UUID into the public id that API callers see.
 *
 * @param prefix - what the id names
 * @param uuid - a UUID of 36 characters
 * @returns the prefix, an underscore and 26 characters; ids of one prefix sort like their UUIDs
 * @example
 * ```ts
 * toPublicId("run", "0199d5a2-7c1b-7e3f-9a53-2f6f0c8b1d11"); // "run_…"
 * ```
 */
export function toPublicId<P extends IdPrefix>(prefix: P, uuid: string): PublicId<P> {
  const hex = uuid.replaceAll("-", "");
  let text = charPairs[Number.parseInt(hex.slice(0, 2), 16)] ?? "";
  for (let i = 2; i < 32; i += 5) {
    const bits = Number.parseInt(hex.slice(i, i + 5), 16);
    text += `${charPairs[bits >> 10]}${charPairs[bits & 1023]}`;
  }
  return `${prefix}_${text}`;
}

/**
 * Reads a public id back into its UUID.
 *
 * @param prefix - the prefix that the id must have
 * @param id - text from a caller
 * @returns the UUID, or `null` when the text is no id of that kind
 * @example
 * ```ts
 * fromPublicId("run", "batch_00000000000000000000000000"); // null
 * ```
 */
export function fromPublicId(prefix: IdPrefix, id: string): string | null {
  if (id.length !== prefix.length + 27 || !id.startsWith(`${prefix}_`)) return null;
  if (id.charAt(prefix.length + 1) > "7") return null; // more than 128 bits: a UUID has one public id only
  let bits = 0;
  let bitCount = -2;
  let hex = "";
  for (let i = prefix.length + 1; i < id.length; i++) {
    const value = valueByCode[id.charCodeAt(i)] ?? -1;
    if (value < 0) return null;
    bits = (bits << 5) | value;
    bitCount += 5;
    while (bitCount >= 4) {
      bitCount -= 4;
      hex += ((bits >> bitCount) & 15).toString(16);
      bits &= (1 << bitCount) - 1;
    }
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
