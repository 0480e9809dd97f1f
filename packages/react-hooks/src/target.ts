import type { RequestOptions } from "@pawl/sdk";
import { AuthenticationError } from "@pawl/sdk/page";
import { type TriggerAuth, useTriggerAuthContextOptional } from "./auth-context.ts";
import { useLatest } from "./use-latest.ts";

/** Where calls of the SDK go, whatever the page configured. */
export type CallTarget = NonNullable<RequestOptions["clientConfig"]>;

/** Options of every hook. What they leave out comes from `TriggerAuthContext`. */
export interface UseApiClientOptions extends TriggerAuth {
  /** Whether the hook follows anything; default: yes. Without it, a token that is not there yet is no error. */
  readonly enabled?: boolean | undefined;
}

/** Where a hook calls, or why it can't. */
export type Target = KnownTarget | { readonly kind: "unknown"; readonly error: Error };

/** Where a hook calls. */
export interface KnownTarget {
  readonly kind: "known";
  /** Equal for two targets that are the same. */
  readonly key: string;
  readonly call: CallTarget;
  /** Null: nobody can get another token. */
  readonly refresh: (() => Promise<string>) | null;
}

/**
 * Finds where a hook calls: from its options, then from the context.
 *
 * @param hook - its name, for messages
 * @param options - its options
 * @param ownToken - the token that came with what the hook is about
 * @returns the target; without a token or a URL the error that says what to do
 */
export function useTarget(hook: string, options: TriggerAuth = {}, ownToken?: string): Target {
  const around = useTriggerAuthContextOptional();
  const accessToken = options.accessToken ?? ownToken ?? around.accessToken;
  const baseURL = options.baseURL ?? around.baseURL;
  const previewBranch = options.previewBranch ?? around.previewBranch;
  const refresh = options.refreshAccessToken ?? around.refreshAccessToken;
  const latestRefresh = useLatest(refresh);
  if (!accessToken) return { kind: "unknown", error: missing(hook, "accessToken", makeToken) };
  if (!baseURL) return { kind: "unknown", error: missing(hook, "baseURL", "It is the URL of your Pawl server.") };
  return {
    kind: "known",
    key: JSON.stringify([baseURL, previewBranch, accessToken, refresh !== undefined]),
    call: {
      accessToken,
      baseURL,
      ...(previewBranch === undefined ? {} : { previewBranch }),
      requestOptions: { ...around.requestOptions, ...options.requestOptions },
    },
    refresh: refresh === undefined ? null : () => latestRefresh.current?.() ?? Promise.resolve(accessToken),
  };
}

const makeToken =
  "Your backend makes one by auth.createPublicToken, and each handle of a run has one. " +
  "While you wait for it, pass enabled: false.";

function missing(hook: string, name: string, more: string): Error {
  return new Error(
    `${hook} has no ${name}. Pass it in the options of the hook, ` +
      `or put <TriggerAuthContext.Provider value={{ accessToken, baseURL }}> around the component. ${more}`,
  );
}

/**
 * Says why nothing can be called.
 *
 * @param target - of a hook
 * @returns the error of an unknown target
 */
export function errorOf(target: Target): Error | undefined {
  return target.kind === "unknown" ? target.error : undefined;
}

/**
 * Makes one call at a target.
 *
 * @param target - where
 * @param call - makes it
 * @returns what it gives
 * @throws the error of an unknown target
 */
export async function callAt<T>(target: Target, call: (target: CallTarget) => Promise<T>): Promise<T> {
  if (target.kind === "unknown") throw target.error;
  try {
    return await call(target.call);
  } catch (error) {
    throw explained(error);
  }
}

/**
 * Follows something with a target's token, and with another one when that is no longer taken.
 *
 * @param target - where
 * @param follow - follows until it ends; says when something has come
 */
export async function followAt(
  { call, refresh }: KnownTarget,
  follow: (target: CallTarget, noteNews: () => void) => Promise<void>,
): Promise<void> {
  let current = call;
  for (;;) {
    let canRefresh = current === call; // a token that was just made and is refused is not made again
    try {
      return await follow(current, () => {
        canRefresh = true;
      });
    } catch (error) {
      if (!(error instanceof AuthenticationError) || refresh === null || !canRefresh) throw explained(error);
      current = { ...call, accessToken: await refresh() };
    }
  }
}

/** A token that is no longer taken is an everyday thing in a page that stays open. */
function explained(error: unknown): unknown {
  if (!(error instanceof AuthenticationError)) return error;
  const { status, headers, body, code, param, type } = error;
  const message =
    "The server does not take this access token: its time is over, or it was made with the key of another server or environment. " +
    "Get another one from your backend and pass it as accessToken, or pass refreshAccessToken, which does so. " +
    "How long one is valid is the expirationTime of auth.createPublicToken.";
  return new AuthenticationError(status, { headers, body, code, param, type, message }, { cause: error });
}
