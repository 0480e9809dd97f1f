import { completeToken } from "@pawl/sdk/page";
import { callAt, type UseApiClientOptions, useTarget } from "./target.ts";
import { useAction } from "./use-action.ts";

/** What {@link useWaitToken} gives. */
export interface WaitTokenInstance<TOutput> {
  /** Completes the token; whoever waits for it gets the output. */
  readonly complete: (output: TOutput) => void;
  /** Whether `complete` has not been answered yet. */
  readonly isLoading: boolean;
  /** Whether this component has completed it. */
  readonly isCompleted: boolean;
  /** Why it was not completed. */
  readonly error?: Error | undefined;
  /** Whether the id is known. */
  readonly isReady: boolean;
}

/**
 * Completes a wait token, for a page in which somebody decides.
 *
 * @param waitpointId - the token's id, `waitpoint_…`; undefined: not known yet
 * @param options - `accessToken`: the token's `publicAccessToken`, or one with the scope `write: { waitpoints: id }`
 * @returns the way to complete it, and what came of it
 * @example
 * ```ts
 * const { complete, isCompleted } = useWaitToken<{ approved: boolean }>(token.id, { accessToken: token.publicAccessToken });
 * const onClick = () => complete({ approved: true });
 * ```
 */
export function useWaitToken<TOutput>(
  waitpointId?: string,
  options: UseApiClientOptions = {},
): WaitTokenInstance<TOutput> {
  const target = useTarget("useWaitToken", options);
  const { start, isLoading, result, error } = useAction(`token ${waitpointId}`, async (output: TOutput) => {
    if (!waitpointId)
      throw new Error("useWaitToken has no token to complete: pass the id of one. isReady says so before.");
    return callAt(target, (clientConfig) => completeToken(waitpointId, output, { clientConfig }));
  });
  return { complete: start, isLoading, isCompleted: result !== undefined, error, isReady: Boolean(waitpointId) };
}
