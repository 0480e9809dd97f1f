import type { RequestOptions } from "@pawl/sdk";
import { createContext, useContext } from "react";

/** Where hooks call, and as whom. */
export interface TriggerAuth {
  /** A public access token, made in your backend by `auth.createPublicToken`, or the `publicAccessToken` of a handle. */
  readonly accessToken?: string | undefined;
  /** The URL of the Pawl server, such as `https://pawl.example.com`. */
  readonly baseURL?: string | undefined;
  /** The branch of a preview environment. */
  readonly previewBranch?: string | undefined;
  /** How often calls are repeated that fail. */
  readonly requestOptions?: Pick<RequestOptions, "retry"> | undefined;
  /** Gets another token from your backend when the server no longer takes the one there is. What is followed goes on with it. */
  readonly refreshAccessToken?: (() => Promise<string>) | undefined;
}

/**
 * Says once where the hooks below it call, and with which token. What a hook is given itself goes first.
 *
 * @example
 * ```ts
 * const auth = { accessToken, baseURL: "https://pawl.example.com" };
 * createElement(TriggerAuthContext.Provider, { value: auth }, children);
 * ```
 */
export const TriggerAuthContext = createContext<TriggerAuth | undefined>(undefined);
TriggerAuthContext.displayName = "TriggerAuthContext";

/**
 * Gives what the nearest `TriggerAuthContext.Provider` says.
 *
 * @returns its value
 * @throws Error without a provider
 * @example
 * ```ts
 * const { accessToken } = useTriggerAuthContext();
 * ```
 */
export function useTriggerAuthContext(): TriggerAuth {
  const auth = useContext(TriggerAuthContext);
  if (auth !== undefined) return auth;
  throw new Error(
    "There is no TriggerAuthContext around this component. Put <TriggerAuthContext.Provider value={{ accessToken, baseURL }}> around it.",
  );
}

/**
 * Gives what the nearest `TriggerAuthContext.Provider` says, where there is one.
 *
 * @returns its value; an empty one without a provider
 * @example
 * ```ts
 * const { accessToken = ownToken } = useTriggerAuthContextOptional();
 * ```
 */
export function useTriggerAuthContextOptional(): TriggerAuth {
  return useContext(TriggerAuthContext) ?? {};
}
