import { ApiClientMissingError } from "../errors/api-error.ts";
import { currentRun } from "../runtime.ts";
import { sdkVersion } from "../version.ts";
import type { ClientSettings } from "./client-settings.ts";

/**
 * Makes the headers that every request has.
 *
 * @param settings - with which key, for which branch
 * @param contentType - of the body; default: `application/json`
 * @returns the headers, names in lower case
 * @throws ApiClientMissingError when the key or the branch can't be in a header
 * @example
 * ```ts
 * requestHeaders(clientSettings()).authorization; // "Bearer tr_dev_…"
 * ```
 */
export function requestHeaders(
  settings: Pick<ClientSettings, "key" | "branch">,
  contentType = "application/json",
): Record<string, string> {
  const headers: Record<string, string> = {
    authorization: `Bearer ${printable("key", settings.key)}`,
    "content-type": contentType,
    "trigger-version": sdkVersion,
    "x-trigger-source": "sdk",
    "x-trigger-api-version": "2025-07-16",
    "x-trigger-realtime-streams-version": "v2",
  };
  if (settings.branch !== undefined) headers["x-trigger-branch"] = printable("branch", settings.branch);
  if (currentRun().kind === "run") headers["x-trigger-worker"] = "true";
  if (isBrowser()) headers["x-trigger-client"] = "browser";
  return headers;
}

/** A line break in a header would start another one. */
function printable(name: string, value: string): string {
  if (/^[\x21-\x7e]+$/.test(value)) return value;
  throw new ApiClientMissingError(`The configured ${name} holds a space or a character that no HTTP header can carry.`);
}

function isBrowser(): boolean {
  return "window" in globalThis && "document" in globalThis;
}
