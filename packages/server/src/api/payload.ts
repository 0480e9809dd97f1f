import { maxPayloadBytes, type PacketType } from "@pawl/contract/packet";
import { ApiError } from "./errors.ts";
import { refuseNul } from "./validation.ts";

/** The longest body with one payload: a payload is a text inside JSON, where a character may take three times its bytes. */
export const payloadBodyLimit = 3 * maxPayloadBytes + 1024 * 1024;

/** A payload as it is stored. */
export interface StoredPayload {
  readonly payload: string | null;
  readonly payloadType: PacketType;
}

/**
 * Turns the payload of a trigger call into the text that is stored. With a type it is a packet's text; without one it may be
 * any JSON value. Of a stored payload that is its path: see `withFetchedPayload`.
 *
 * @param payload - the field as it came; `undefined` when it was absent
 * @param type - the payload type of the options
 * @param field - the name of the field, for messages
 * @returns text and type
 * @throws ApiError when the payload is too large, is not what its type says, or can't be stored
 */
export function toStoredPayload(payload: unknown, type: PacketType | undefined, field: string): StoredPayload {
  if (payload === undefined) return { payload: null, payloadType: type ?? "application/json" };
  const text = textOf(payload, type, field);
  // A UTF-16 code unit takes at most three bytes: most payloads need no count.
  if (text.length * 3 > maxPayloadBytes && Buffer.byteLength(text) > maxPayloadBytes) {
    throw new ApiError(
      "payload_too_large",
      `${field}: ${(Buffer.byteLength(text) / 1024 / 1024).toFixed(1)} MB is over the limit of ${limitText} for a payload. Store the data elsewhere and send where it is.`,
      field,
    );
  }
  refuseNul(text, field);
  return { payload: text, payloadType: type ?? "application/json" };
}

const limitText = `${maxPayloadBytes / 1024 / 1024} MB`;

function textOf(payload: unknown, type: PacketType | undefined, field: string): string {
  if (type === undefined) return JSON.stringify(payload);
  if (typeof payload === "string") return payload;
  if (type === "application/json") return JSON.stringify(payload);
  throw new ApiError("invalid_request", `${field}: must be a string, since options.payloadType is "${type}".`, field);
}
