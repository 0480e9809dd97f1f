import type { PublicTokenAnswer } from "@pawl/contract/api/public-tokens";
import { callApi } from "../client/call.ts";
import type { RequestOptions } from "../client/client-settings.ts";
import { unexpectedAnswer } from "../client/unexpected-answer.ts";
import { expirationToWire } from "./expiration.ts";

/** Settings of a trigger call, beside the options of the run. */
export interface TriggerRequestOptions extends RequestOptions {
  /** Of the `publicAccessToken` of the handle, which a browser can read the run with; one more call makes it. */
  readonly publicAccessToken?: {
    /** How long it is valid, such as `24hr` or `2 days`; or until when, as a `Date` or in seconds since 1970; default: 15 minutes. */
    readonly expirationTime?: string | number | Date;
  };
}

/** What a token allows, and for how long. */
export interface TokenToMake {
  /** In the API's words: `read:runs:run_…`. */
  readonly scopes: readonly string[];
  readonly expirationTime?: string | number | Date | undefined;
  readonly oneTimeUse?: boolean | undefined;
  readonly realtime?: unknown;
}

/**
 * Has the server make a public token.
 *
 * @param token - what it allows
 * @param requestOptions - settings of the call
 * @returns the token
 * @throws BadRequestError when its time is none; ApiError when the server refuses
 * @example
 * ```ts
 * await makeToken({ scopes: ["read:runs:run_1"], expirationTime: "1h" }, undefined);
 * ```
 */
export async function makeToken(token: TokenToMake, requestOptions: RequestOptions | undefined): Promise<string> {
  const { scopes, expirationTime, oneTimeUse, realtime } = token;
  const body = JSON.stringify({
    scopes,
    oneTimeUse,
    realtime,
    expirationTime: expirationTime === undefined ? undefined : expirationToWire(expirationTime),
  });
  const answer = await callApi({ method: "POST", path: "/api/v1/auth/public-tokens", body, options: requestOptions });
  const text = (answer.body as Partial<PublicTokenAnswer> | null)?.token; // checked in the next line
  if (typeof text !== "string") throw unexpectedAnswer(answer, "a token");
  return text;
}

/**
 * Checks how long the token of a handle is to live, before anything is triggered.
 *
 * @param requestOptions - of the trigger call
 * @throws BadRequestError when that is no time
 * @example
 * ```ts
 * checkTokenLife({ publicAccessToken: { expirationTime: "24hr" } });
 * ```
 */
export function checkTokenLife(requestOptions: TriggerRequestOptions | undefined): void {
  const time = requestOptions?.publicAccessToken?.expirationTime;
  if (time !== undefined) expirationToWire(time);
}

/**
 * Gives a handle the token that its caller asked for; one that asked for none keeps the server's.
 *
 * @param handle - of what was triggered
 * @param scope - what the token allows: `read:runs:run_…`
 * @param requestOptions - of the trigger call
 * @returns the handle
 * @throws ApiError when the server refuses; what was triggered stays
 * @example
 * ```ts
 * await withAskedToken({ id: "run_1" }, "read:runs:run_1", { publicAccessToken: { expirationTime: "24hr" } });
 * ```
 */
export async function withAskedToken<THandle extends object>(
  handle: THandle,
  scope: string,
  requestOptions: TriggerRequestOptions | undefined,
): Promise<THandle> {
  const expirationTime = requestOptions?.publicAccessToken?.expirationTime;
  if (expirationTime === undefined) return handle;
  return { ...handle, publicAccessToken: await makeToken({ scopes: [scope], expirationTime }, requestOptions) };
}
