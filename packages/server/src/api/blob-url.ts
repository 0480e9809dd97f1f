import { createHmac, timingSafeEqual } from "node:crypto";

/** How long an address of a blob can be used, in seconds: an hour. */
const lifeS = 3_600;

/** What an address of a blob allows; `GET_RUN`: to fetch a packet of a run, whose path is `<run id>/payload` or `<run id>/output`. */
export type BlobAccess = "GET" | "PUT" | "GET_RUN";

/** Which blob an address is for. */
export interface BlobAddress {
  readonly access: BlobAccess;
  readonly environmentId: string;
  readonly path: string;
}

/**
 * Makes an address where a blob can be brought or fetched for an hour without any other credential.
 *
 * @param publicUrl - the base URL of the server
 * @param address - the blob, and what is allowed
 * @param key - a secret key of its environment
 * @param nowMs - the time in milliseconds since 1970
 * @returns the URL
 */
export function blobUrl(publicUrl: string, address: BlobAddress, key: string, nowMs = Date.now()): string {
  const expires = Math.floor(nowMs / 1_000) + lifeS;
  const place = `${address.environmentId}/${encodeURIComponent(address.path)}`;
  return `${publicUrl}/blobs/${place}?expires=${expires}&signature=${signature(address, expires, key)}`;
}

/**
 * Tells whether an address was made with a key, and can still be used.
 *
 * @param address - the blob, and what is asked for
 * @param query - of the request
 * @param keys - the secret keys of the environment
 * @param nowMs - the time in milliseconds since 1970
 * @returns whether it was
 */
export function isSignedAddress(
  address: BlobAddress,
  query: { readonly expires?: unknown; readonly signature?: unknown },
  keys: readonly string[],
  nowMs = Date.now(),
): boolean {
  const expires = Number(query.expires);
  if (!Number.isSafeInteger(expires) || expires * 1_000 < nowMs || typeof query.signature !== "string") return false;
  const given = Buffer.from(query.signature);
  return keys.some((key) => {
    const expected = Buffer.from(signature(address, expires, key));
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function signature({ access, environmentId, path }: BlobAddress, expires: number, key: string): string {
  return createHmac("sha256", key).update(`${access}\n${environmentId}\n${expires}\n${path}`).digest("hex");
}
