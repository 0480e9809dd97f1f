import type { AnyTask, RetrievedRun, TaskOutput, TaskPayload, UntypedTask } from "@pawl/sdk";
import { retrieve } from "@pawl/sdk/page";
import { untilNextLook } from "./page-events.ts";
import type { Plan, Show } from "./source.ts";
import { callAt, errorOf, type KnownTarget, type UseApiClientOptions, useTarget } from "./target.ts";
import { useFollowed } from "./use-followed.ts";

/** Options of {@link useRun}. */
export interface CommonTriggerHookOptions extends UseApiClientOptions {
  /** How often to look again until the run has ended, in milliseconds; default: 0, never. `useRealtimeRun` asks less and knows earlier. */
  readonly refreshInterval?: number | undefined;
  /** Whether to look again when the browser is online again; default: no. */
  readonly revalidateOnReconnect?: boolean | undefined;
  /** Whether to look again when the window gets the focus; default: no. */
  readonly revalidateOnFocus?: boolean | undefined;
}

/** What {@link useRun} gives. */
export interface UseRunInstance<TRun> {
  readonly run: TRun | undefined;
  /** Of the last look. */
  readonly error: Error | undefined;
  /** Whether the first look has not been answered yet. */
  readonly isLoading: boolean;
  /** Whether a look has not been answered yet. */
  readonly isValidating: boolean;
  readonly isError: boolean;
}

/** What the looks have shown. */
interface Looked {
  readonly run: RetrievedRun | undefined;
  readonly error: Error | undefined;
  readonly isValidating: boolean;
}

const nothingSeen: Looked = { run: undefined, error: undefined, isValidating: true };

/**
 * Looks at a run once, or now and then. To show a run as it changes, `useRealtimeRun` is the better one.
 *
 * @param runId - `run_…`; undefined: not known yet
 * @param options - `accessToken` needs the scope `read: { runs: runId }`
 * @returns the run as it was at the last look
 * @example
 * ```ts
 * const { run, isLoading } = useRun<typeof report>(runId, { accessToken, baseURL, refreshInterval: 5_000 });
 * ```
 */
export function useRun<TTask extends AnyTask = UntypedTask>(
  runId: string | undefined,
  options: CommonTriggerHookOptions = {},
): UseRunInstance<RetrievedRun<TaskPayload<TTask>, TaskOutput<TTask>>> {
  const target = useTarget("useRun", options);
  const isWanted = Boolean(runId) && options.enabled !== false;
  const plan = isWanted && target.kind === "known" ? planOf(runId ?? "", target, options) : null;
  const { value } = useFollowed(`look at ${runId}`, plan, nothingSeen);
  const error = value.error ?? (isWanted ? errorOf(target) : undefined);
  const isValidating = plan !== null && value.isValidating;
  return {
    run: value.run as RetrievedRun<TaskPayload<TTask>, TaskOutput<TTask>> | undefined, // what the task's type says
    error,
    isLoading: isValidating && value.run === undefined && error === undefined,
    isValidating,
    isError: error !== undefined,
  };
}

function planOf(
  id: string,
  target: KnownTarget,
  { refreshInterval = 0, revalidateOnFocus = false, revalidateOnReconnect = false }: CommonTriggerHookOptions,
): Plan<Looked> {
  const next = { afterMs: refreshInterval, onFocus: revalidateOnFocus, onReconnect: revalidateOnReconnect };
  return {
    key: JSON.stringify(["look", target.key, id, next]),
    throttleMs: 0,
    async follow(show, signal, shown) {
      let seen = shown;
      do {
        seen = await look(id, target, seen, show);
      } while (await untilNextLook(seen.run?.isCompleted === true ? { ...next, afterMs: 0 } : next, signal));
    },
  };
}

async function look(id: string, target: KnownTarget, before: Looked, show: Show<Looked>): Promise<Looked> {
  show(() => ({ ...before, isValidating: true }));
  let seen: Looked;
  try {
    const run = await callAt(target, (clientConfig) => retrieve(id, { clientConfig }));
    seen = { run, error: undefined, isValidating: false };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    seen = { run: before.run, error, isValidating: false };
  }
  show(() => seen);
  return seen;
}
