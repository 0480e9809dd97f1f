import { createHmac, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { toPublicId } from "@pawl/contract/ids";

/** How long the public token that completes a token is valid, in seconds: a day. */
export const tokenLifeS = 24 * 3_600;

/**
 * The address under which a caller reaches this server: what it put into the header `Host`, or what a proxy before the server
 * says that it put there.
 *
 * @param request - any request of the caller
 * @returns the base URL, without a slash at its end
 */
export function publicUrlOf({ headers, socket }: Pick<IncomingMessage, "headers" | "socket">): string {
  const isEncrypted = "encrypted" in socket && socket.encrypted === true;
  const scheme = firstOf(headers["x-forwarded-proto"]) ?? (isEncrypted ? "https" : "http");
  return `${scheme}://${firstOf(headers["x-forwarded-host"]) ?? headers.host ?? "localhost"}`;
}

function firstOf(header: string | string[] | undefined): string | undefined {
  const first = (Array.isArray(header) ? header[0] : header)?.split(",", 1)[0]?.trim();
  return first === "" ? undefined : first;
}

/**
 * The address where a POST completes a token without any other credential: its last part proves that it came from us.
 *
 * @param publicUrl - the base URL of the server
 * @param waitpointId - the UUID of the token
 * @param key - the secret key of its environment
 * @returns the URL
 */
export function callbackUrl(publicUrl: string, waitpointId: string, key: string): string {
  const hash = callbackHash(waitpointId, key);
  return `${publicUrl}/api/v1/waitpoints/tokens/${toPublicId("waitpoint", waitpointId)}/callback/${hash}`;
}

/**
 * Tells whether a callback's last part was made with a key.
 *
 * @param hash - the part as it came
 * @param waitpointId - the UUID of the token
 * @param key - a secret key of its environment
 * @returns whether it was
 */
export function isCallbackHash(hash: string, waitpointId: string, key: string): boolean {
  // The whole text counts: decoding it would drop what is no hex digit.
  const given = Buffer.from(hash);
  const expected = Buffer.from(callbackHash(waitpointId, key));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function callbackHash(waitpointId: string, key: string): string {
  return createHmac("sha256", key).update(waitpointId).digest("hex");
}
