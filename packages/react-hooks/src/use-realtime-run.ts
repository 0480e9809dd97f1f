import type { AnyTask, LiveRun, LiveRunOf, RunHandle, SkippableColumn, UntypedTask } from "@pawl/sdk";
import { subscribeToRun } from "@pawl/sdk/page";
import { useEffect, useRef } from "react";
import type { Plan } from "./source.ts";
import { errorOf, followAt, type KnownTarget, type UseApiClientOptions, useTarget } from "./target.ts";
import { useFollowed } from "./use-followed.ts";
import { useLatest } from "./use-latest.ts";

/** Options of the hooks that follow runs. */
export interface UseRealtimeRunOptions extends UseApiClientOptions {
  /** Accepted and without effect: components that follow the same share one request by themselves. */
  readonly id?: string | undefined;
  /** The least time between two updates of the page by a stream, in milliseconds; default: 16. */
  readonly throttleInMs?: number | undefined;
}

/** Options of {@link useRealtimeRun}. */
export interface UseRealtimeSingleRunOptions<TRun = LiveRun> extends UseRealtimeRunOptions {
  /** Called once when the run has ended, also when it had before. */
  readonly onComplete?: ((run: TRun, error?: Error) => void) | undefined;
  /** Whether to stop when the run has ended; default: yes. Metadata and tags can change afterwards. */
  readonly stopOnCompletion?: boolean | undefined;
  /** What to leave out, such as a payload that is long. */
  readonly skipColumns?: readonly SkippableColumn[] | undefined;
}

/** What {@link useRealtimeRun} gives. */
export interface UseRealtimeRunInstance<TRun = LiveRun> {
  /** As it stands; undefined until the first answer. */
  readonly run: TRun | undefined;
  /** Why it is not followed any more. A server that is away is no error: it is asked again. */
  readonly error: Error | undefined;
  /** Ends the request; the run stays as it was shown last. */
  readonly stop: () => void;
}

/** A run to follow: its id, or its handle, which has a token too. */
export type RunToFollow = string | { readonly id: string; readonly publicAccessToken?: string } | undefined;

/**
 * Follows a run: the component renders again whenever its status, metadata, tags or output have changed.
 *
 * @param run - its handle, or its id with the type of the task; undefined: nothing is followed yet
 * @param options - `accessToken` needs the scope `read: { runs: id }`; default: the token of the handle
 * @returns the run as it stands
 * @example
 * ```ts
 * const { run, error } = useRealtimeRun<typeof report>(runId, { accessToken, baseURL });
 * const progress = Number(run?.metadata?.progress ?? 0);
 * ```
 */
export function useRealtimeRun<TId extends string, TInput, TOutput>(
  run: RunHandle<TId, TInput, TOutput> | undefined,
  options?: UseRealtimeSingleRunOptions<LiveRun<TInput, TOutput, TId>>,
): UseRealtimeRunInstance<LiveRun<TInput, TOutput, TId>>;
export function useRealtimeRun<TTask extends AnyTask = UntypedTask>(
  run?: RunToFollow,
  options?: UseRealtimeSingleRunOptions<LiveRunOf<TTask>>,
): UseRealtimeRunInstance<LiveRunOf<TTask>>;
export function useRealtimeRun(
  run?: RunToFollow,
  options: UseRealtimeSingleRunOptions<never> = {},
): UseRealtimeRunInstance<LiveRun> {
  const id = typeof run === "string" ? run : run?.id;
  const target = useTarget("useRealtimeRun", options, typeof run === "string" ? undefined : run?.publicAccessToken);
  const isWanted = id !== undefined && id !== "" && options.enabled !== false;
  const { value, error, stop } = useFollowed<LiveRun | undefined>(
    `run ${id}`,
    isWanted && target.kind === "known" ? planOf(id, target, options) : null,
    undefined,
  );
  useCompletion(value, error, options.onComplete);
  return { run: value, error: error ?? (isWanted ? errorOf(target) : undefined), stop };
}

function planOf(
  id: string,
  target: KnownTarget,
  { stopOnCompletion = true, skipColumns = [] }: UseRealtimeSingleRunOptions<never>,
): Plan<LiveRun | undefined> {
  return {
    key: JSON.stringify(["run", target.key, id, stopOnCompletion, skipColumns]),
    throttleMs: 0,
    follow: (show, signal) =>
      followAt(target, async (clientConfig, noteNews) => {
        const changes = subscribeToRun(id, { stopOnCompletion, skipColumns, signal, clientConfig });
        for await (const run of changes) {
          noteNews();
          show(() => run);
        }
      }),
  };
}

/**
 * Calls back once when a run has ended.
 *
 * @param run - as it stands
 * @param error - of following it
 * @param onComplete - called with both
 */
export function useCompletion(
  run: LiveRun | undefined,
  error: Error | undefined,
  onComplete: ((run: never, error?: Error) => void) | undefined,
): void {
  const latest = useLatest(onComplete);
  const told = useRef<string | null>(null);
  useEffect(() => {
    if (run?.isCompleted !== true || told.current === run.id) return;
    told.current = run.id;
    latest.current?.(run as never, error); // of the type of the task
  }, [run, error, latest]);
}
