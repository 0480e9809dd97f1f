import { createHmac, timingSafeEqual } from "node:crypto";
import { toPublicId } from "@pawl/contract/ids";

/**
 * The base path where processes of runs send telemetry. They show no credential: its last part proves that somebody with a key
 * of the environment was told it.
 *
 * @param environmentId - the environment
 * @param authorization - the header by which that somebody showed the key
 * @returns the path, without a slash at its end
 */
export function otlpPath(environmentId: string, authorization: string | undefined): string {
  const key = /^bearer +(\S+)$/i.exec(authorization ?? "")?.[1] ?? "";
  return `/otel/${toPublicId("env", environmentId)}/${proofOf(environmentId, key)}`;
}

/**
 * Tells whether the last part of such a path was made with a key.
 *
 * @param proof - the part as it came
 * @param environmentId - the environment that the path names
 * @param key - a secret key of it
 * @returns whether it was
 */
export function isOtlpProof(proof: string, environmentId: string, key: string): boolean {
  const given = Buffer.from(proof);
  const expected = Buffer.from(proofOf(environmentId, key));
  return given.length === expected.length && timingSafeEqual(given, expected);
}

function proofOf(environmentId: string, key: string): string {
  return createHmac("sha256", key).update(`otel ${environmentId}`).digest("hex");
}
