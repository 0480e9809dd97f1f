import type { AnyTask, LiveRun, LiveRunOf, UntypedTask } from "@pawl/sdk";
import { FollowedRun, nothingSeen, type RunWithStreams, type StreamResults } from "./followed-run.ts";
import type { Plan } from "./source.ts";
import { errorOf, followAt, type KnownTarget, useTarget } from "./target.ts";
import { useFollowed } from "./use-followed.ts";
import {
  type RunToFollow,
  type UseRealtimeRunInstance,
  type UseRealtimeSingleRunOptions,
  useCompletion,
} from "./use-realtime-run.ts";

/** What {@link useRealtimeRunWithStreams} gives. */
export interface UseRealtimeRunWithStreamsInstance<TRun = LiveRun, TStreams extends object = Record<string, unknown>>
  extends UseRealtimeRunInstance<TRun> {
  readonly streams: StreamResults<TStreams>;
}

/**
 * Follows a run, and reads all its streams as they are made. Where one stream is enough, `useRealtimeStream` costs less.
 *
 * @param run - its handle, or its id; undefined: nothing is followed yet
 * @param options - `accessToken` needs the scope `read: { runs: id }`; default: the token of the handle
 * @returns the run as it stands, and the parts of each stream by its key
 * @example
 * ```ts
 * const { run, streams } = useRealtimeRunWithStreams<typeof report, { lines: string }>(runId, { accessToken, baseURL });
 * const text = streams.lines?.join("");
 * ```
 */
export function useRealtimeRunWithStreams<
  TTask extends AnyTask = UntypedTask,
  TStreams extends object = Record<string, unknown>,
>(
  run?: RunToFollow,
  options: UseRealtimeSingleRunOptions<LiveRunOf<TTask>> = {},
): UseRealtimeRunWithStreamsInstance<LiveRunOf<TTask>, TStreams> {
  const id = typeof run === "string" ? run : run?.id;
  const ownToken = typeof run === "string" ? undefined : run?.publicAccessToken;
  const target = useTarget("useRealtimeRunWithStreams", options, ownToken);
  const isWanted = id !== undefined && id !== "" && options.enabled !== false;
  const plan = isWanted && target.kind === "known" ? planOf(id, target, options) : null;
  const { value, error, stop } = useFollowed(`run with streams ${id}`, plan, nothingSeen);
  useCompletion(value.run, error, options.onComplete);
  return {
    run: value.run as LiveRunOf<TTask> | undefined, // what the task's type says, and the caller of the streams
    streams: value.streams as StreamResults<TStreams>,
    error: error ?? (isWanted ? errorOf(target) : undefined),
    stop,
  };
}

function planOf(
  id: string,
  target: KnownTarget,
  { stopOnCompletion = true, skipColumns = [], throttleInMs = 16 }: UseRealtimeSingleRunOptions<never>,
): Plan<RunWithStreams> {
  return {
    key: JSON.stringify(["run with streams", target.key, id, stopOnCompletion, skipColumns, throttleInMs]),
    throttleMs: throttleInMs,
    follow: (show, signal, shown) => {
      const following = new FollowedRun(id, show, shown);
      return followAt(target, (call, noteNews) =>
        following.follow({ stopOnCompletion, skipColumns, clientConfig: call, signal }, noteNews),
      );
    },
  };
}
