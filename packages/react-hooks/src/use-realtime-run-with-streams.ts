import type { AnyTask, LiveRun, LiveRunOf, UntypedTask } from "@pawl/sdk";
import { read, subscribeToRun } from "@pawl/sdk/page";
import type { Plan, Show } from "./source.ts";
import { type CallTarget, errorOf, followAt, type KnownTarget, useTarget } from "./target.ts";
import { useFollowed } from "./use-followed.ts";
import {
  type RunToFollow,
  type UseRealtimeRunInstance,
  type UseRealtimeSingleRunOptions,
  useCompletion,
} from "./use-realtime-run.ts";

/** The parts of each stream so far; one that has none yet is absent. */
export type StreamResults<TStreams extends object> = { readonly [K in keyof TStreams]?: readonly TStreams[K][] };

/** What {@link useRealtimeRunWithStreams} gives. */
export interface UseRealtimeRunWithStreamsInstance<TRun = LiveRun, TStreams extends object = Record<string, unknown>>
  extends UseRealtimeRunInstance<TRun> {
  readonly streams: StreamResults<TStreams>;
}

interface RunWithStreams {
  readonly run: LiveRun | undefined;
  readonly streams: StreamResults<Record<string, unknown>>;
  /** The place of the last part of each stream. */
  readonly lastEventIds: Readonly<Record<string, string>>;
}

const nothingSeen: RunWithStreams = { run: undefined, streams: {}, lastEventIds: {} };

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

/** How a run is followed. */
interface FollowSettings {
  readonly stopOnCompletion: boolean;
  readonly skipColumns: NonNullable<UseRealtimeSingleRunOptions<never>["skipColumns"]>;
  readonly clientConfig: CallTarget;
  readonly signal: AbortSignal;
}

/** A run and what was read of its streams. Followed again, it goes on where it was. */
class FollowedRun {
  readonly #id: string;
  readonly #show: Show<RunWithStreams>;
  #run: LiveRun | undefined;
  readonly #parts: Map<string, unknown[]>;
  readonly #lastEventIds: Map<string, string>;

  constructor(id: string, show: Show<RunWithStreams>, { run, streams, lastEventIds }: RunWithStreams) {
    this.#id = id;
    this.#show = show;
    this.#run = run;
    this.#parts = new Map(Object.entries(streams).map(([key, parts = []]) => [key, [...parts]]));
    this.#lastEventIds = new Map(Object.entries(lastEventIds));
  }

  async follow({ signal, ...settings }: FollowSettings, noteNews: () => void): Promise<void> {
    const ending = new AbortController();
    const end = () => ending.abort();
    signal.addEventListener("abort", end, { once: true });
    const reading = new Map<string, Promise<void>>();
    let failure: { readonly error: unknown } | null = null;
    for await (const run of subscribeToRun(this.#id, { ...settings, signal: ending.signal })) {
      noteNews();
      this.#run = run;
      this.#update();
      for (const key of run.realtimeStreams) {
        if (reading.has(key)) continue;
        const read = this.#read(key, settings.clientConfig, ending.signal).catch((error: unknown) => {
          failure ??= { error };
          end();
        });
        reading.set(key, read);
      }
    }
    await Promise.all(reading.values());
    signal.removeEventListener("abort", end);
    if (failure !== null) throw (failure as { readonly error: unknown }).error; // set by a callback
  }

  async #read(key: string, clientConfig: CallTarget, signal: AbortSignal): Promise<void> {
    const parts = this.#parts.get(key) ?? [];
    const lastEventId = this.#lastEventIds.get(key);
    const after = lastEventId === undefined ? {} : { lastEventId };
    const onPart = ({ id }: { readonly id: string }) => this.#lastEventIds.set(key, id);
    for await (const part of await read(this.#id, key, { ...after, clientConfig, signal, onPart })) {
      parts.push(part);
      this.#parts.set(key, parts);
      this.#update();
    }
  }

  #update(): void {
    this.#show(() => ({
      run: this.#run,
      streams: Object.fromEntries([...this.#parts].map(([key, parts]) => [key, [...parts]])),
      lastEventIds: Object.fromEntries(this.#lastEventIds),
    }));
  }
}
