import type { AnyTask, LiveRun, LiveRunOf, SkippableColumn, UntypedTask } from "@pawl/sdk";
import { subscribeToBatch, subscribeToRunsWithTag } from "@pawl/sdk/page";
import type { Plan } from "./source.ts";
import { type CallTarget, errorOf, followAt, type KnownTarget, useTarget } from "./target.ts";
import { useFollowed } from "./use-followed.ts";
import type { UseRealtimeRunOptions } from "./use-realtime-run.ts";

/** Options of {@link useRealtimeBatch}. */
export interface UseRealtimeRunsOptions extends UseRealtimeRunOptions {
  /** What to leave out, such as payloads that are long. */
  readonly skipColumns?: readonly SkippableColumn[] | undefined;
}

/** Options of {@link useRealtimeRunsWithTag}. */
export interface UseRealtimeRunsWithTagOptions extends UseRealtimeRunsOptions {
  /** How long ago the runs were made at most, such as `1h` or `7d`; default: a day. */
  readonly createdAt?: string | undefined;
}

/** What the hooks give that follow several runs. */
export interface UseRealtimeRunsInstance<TRun = LiveRun> {
  /** As they stand, the oldest first; empty until the first answer. */
  readonly runs: readonly TRun[];
  /** Why they are not followed any more. A server that is away is no error: it is asked again. */
  readonly error: Error | undefined;
  /** Ends the request; the runs stay as they were shown last. */
  readonly stop: () => void;
}

const noRuns: readonly never[] = [];

/** Many rows that come at once are one update of the page. */
const throttleMs = 16;

/**
 * Follows the runs that have a tag, or all of several tags, also those that are made later.
 *
 * @param tag - the tag or the tags
 * @param options - `accessToken` needs the scope `read: { tags: tag }`
 * @returns the runs as they stand
 * @example
 * ```ts
 * const { runs } = useRealtimeRunsWithTag<typeof report>("user:7", { createdAt: "1h" });
 * ```
 */
export function useRealtimeRunsWithTag<TTask extends AnyTask = UntypedTask>(
  tag: string | readonly string[],
  options: UseRealtimeRunsWithTagOptions = {},
): UseRealtimeRunsInstance<LiveRunOf<TTask>> {
  const tags = typeof tag === "string" ? [tag] : tag;
  const { createdAt, skipColumns = [] } = options;
  const settings = { skipColumns, ...(createdAt === undefined ? {} : { createdAt }) };
  return useRuns<LiveRunOf<TTask>>("useRealtimeRunsWithTag", options, tags.length > 0 && tags.every(Boolean), {
    subject: JSON.stringify(["tags", tags, createdAt, skipColumns]),
    follow: (clientConfig, signal) => subscribeToRunsWithTag<TTask>(tags, { ...settings, clientConfig, signal }),
  });
}

/**
 * Follows the runs of a batch.
 *
 * @param batchId - `batch_…`; undefined: nothing is followed yet
 * @param options - `accessToken` needs the scope `read: { batch: batchId }`
 * @returns the runs as they stand
 * @example
 * ```ts
 * const { runs } = useRealtimeBatch<typeof report>(batchId);
 * const done = runs.filter((run) => run.isCompleted).length;
 * ```
 */
export function useRealtimeBatch<TTask extends AnyTask = UntypedTask>(
  batchId: string | undefined,
  options: UseRealtimeRunsOptions = {},
): UseRealtimeRunsInstance<LiveRunOf<TTask>> {
  const { skipColumns = [] } = options;
  return useRuns<LiveRunOf<TTask>>("useRealtimeBatch", options, Boolean(batchId), {
    subject: JSON.stringify(["batch", batchId, skipColumns]),
    follow: (clientConfig, signal) => subscribeToBatch<TTask>(batchId ?? "", { skipColumns, clientConfig, signal }),
  });
}

/** Some runs, and how they are followed. */
interface RunsToFollow<TRun> {
  /** Equal for the same runs with the same columns. */
  readonly subject: string;
  readonly follow: (target: CallTarget, signal: AbortSignal) => AsyncIterable<TRun>;
}

function useRuns<TRun extends LiveRun>(
  hook: string,
  options: UseRealtimeRunsOptions,
  isKnown: boolean,
  toFollow: RunsToFollow<TRun>,
): UseRealtimeRunsInstance<TRun> {
  const target = useTarget(hook, options);
  const isWanted = isKnown && options.enabled !== false;
  const plan = isWanted && target.kind === "known" ? planOf(target, toFollow) : null;
  const { value, error, stop } = useFollowed<readonly TRun[]>(toFollow.subject, plan, noRuns);
  return { runs: value, error: error ?? (isWanted ? errorOf(target) : undefined), stop };
}

function planOf<TRun extends LiveRun>(target: KnownTarget, toFollow: RunsToFollow<TRun>): Plan<readonly TRun[]> {
  return {
    key: JSON.stringify([target.key, toFollow.subject]),
    throttleMs,
    follow: (show, signal, shown) => {
      const known = new Map(shown.map((run) => [run.id, run]));
      return followAt(target, async (call, noteNews) => {
        for await (const run of toFollow.follow(call, signal)) {
          noteNews();
          known.set(run.id, run);
          show(() => [...known.values()].sort(byAge));
        }
      });
    },
  };
}

/** Ids settle the order of those that were made in one moment. */
function byAge(a: LiveRun, b: LiveRun): number {
  return a.createdAt.getTime() - b.createdAt.getTime() || (a.id < b.id ? -1 : 1);
}
