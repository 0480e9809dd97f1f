import { sendInput } from "@pawl/sdk/page";
import { callAt, type UseApiClientOptions, useTarget } from "./target.ts";
import { useAction } from "./use-action.ts";

/** What {@link useInputStreamSend} gives. */
export interface InputStreamSendInstance<TData> {
  /** Sends a record to the run. */
  readonly send: (data: TData) => void;
  /** Whether the last `send` has not been answered yet. */
  readonly isLoading: boolean;
  /** Why the last record did not arrive. */
  readonly error?: Error | undefined;
  /** Whether the run and a token are known. */
  readonly isReady: boolean;
}

/**
 * Sends records to an input stream of a run, for a page in which somebody answers what the run asks.
 *
 * @param streamId - the id that the input stream was defined with
 * @param runId - `run_…`; undefined: not known yet
 * @param options - `accessToken`: that of the run's handle, or one with the scope `write: { inputStreams: runId }`
 * @returns the way to send, and what came of it
 * @example
 * ```ts
 * const { send, isReady } = useInputStreamSend<{ approved: boolean }>("approval", runId, { accessToken, baseURL });
 * const onClick = () => send({ approved: true });
 * ```
 */
export function useInputStreamSend<TData>(
  streamId: string,
  runId?: string,
  options: UseApiClientOptions = {},
): InputStreamSendInstance<TData> {
  const target = useTarget("useInputStreamSend", options);
  const { start, isLoading, error } = useAction(`send to ${runId} ${streamId}`, async (data: TData) => {
    if (!runId)
      throw new Error("useInputStreamSend has no run to send to: pass the id of one. isReady says so before.");
    await callAt(target, (clientConfig) => sendInput(runId, streamId, data, { requestOptions: { clientConfig } }));
  });
  return { send: start, isLoading, error, isReady: Boolean(runId) && target.kind === "known" };
}
