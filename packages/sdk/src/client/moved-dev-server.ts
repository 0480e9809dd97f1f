import { ApiClientMissingError } from "../errors/api-error.ts";
import { type ClientSettings, clientSettings, forgetDevServer } from "./client-settings.ts";

/**
 * Looks where `pawl dev` is now: after a restart it may be elsewhere, or have another key.
 *
 * @param last - where a call found nobody, or was not let in
 * @returns the new place; null where there is none, or the settings are not those of a `pawl dev`
 * @example
 * ```ts
 * const settings = movedDevServer(last) ?? last;
 * ```
 */
export function movedDevServer(last: ClientSettings): ClientSettings | null {
  if (!last.isFromDevServer) return null;
  forgetDevServer();
  try {
    const next = clientSettings(last.target);
    return next.baseUrl === last.baseUrl && next.key === last.key ? null : next;
  } catch (error) {
    if (error instanceof ApiClientMissingError) return null; // it has ended, or is just starting
    throw error;
  }
}
