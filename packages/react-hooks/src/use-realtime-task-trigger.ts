import type { AnyTask, LiveRun, LiveRunOf, SkippableColumn } from "@pawl/sdk";
import { type UseRealtimeRunInstance, type UseRealtimeSingleRunOptions, useRealtimeRun } from "./use-realtime-run.ts";
import { type UseRealtimeRunWithStreamsInstance, useRealtimeRunWithStreams } from "./use-realtime-run-with-streams.ts";
import { type TriggerInstance, type UseTaskTriggerOptions, useTaskTrigger } from "./use-task-trigger.ts";

/** Options of {@link useRealtimeTaskTrigger}. */
export interface UseRealtimeTaskTriggerOptions<TRun = LiveRun>
  extends UseTaskTriggerOptions,
    Pick<UseRealtimeSingleRunOptions<TRun>, "onComplete" | "stopOnCompletion" | "throttleInMs"> {
  /** An older name of `throttleInMs`. */
  readonly experimental_throttleInMs?: number | undefined;
  /** What to leave out, such as a payload that is long. */
  readonly skipColumns?: readonly SkippableColumn[] | undefined;
}

/** What {@link useRealtimeTaskTrigger} gives. */
export interface RealtimeTriggerInstance<TTask extends AnyTask>
  extends UseRealtimeRunInstance<LiveRunOf<TTask>>,
    Omit<TriggerInstance<TTask>, "error"> {}

/**
 * Triggers a task from a page, and follows its run with the token that comes with its handle.
 *
 * @param id - of the task, with its type
 * @param options - those of `useTaskTrigger` and `useRealtimeRun`; `enabled: false` triggers without following
 * @returns the way to trigger it, and the run as it stands
 * @example
 * ```ts
 * const { submit, run, error } = useRealtimeTaskTrigger<typeof report>("report.make", { accessToken, baseURL });
 * ```
 */
export function useRealtimeTaskTrigger<TTask extends AnyTask>(
  id: TTask["id"],
  options: UseRealtimeTaskTriggerOptions<LiveRunOf<TTask>> = {},
): RealtimeTriggerInstance<TTask> {
  const { error: triggerError, ...trigger } = useTaskTrigger<TTask>(id, options);
  const { handle } = trigger;
  const accessToken = handle?.publicAccessToken ?? options.accessToken;
  const { error, ...followed } = useRealtimeRun<TTask>(handle?.id, { ...options, accessToken });
  return { ...trigger, ...followed, error: error ?? triggerError };
}

/** What {@link useRealtimeTaskTriggerWithStreams} gives. */
export interface RealtimeTriggerInstanceWithStreams<TTask extends AnyTask, TStreams extends object>
  extends UseRealtimeRunWithStreamsInstance<LiveRunOf<TTask>, TStreams>,
    Omit<TriggerInstance<TTask>, "error"> {}

/**
 * Triggers a task from a page, follows its run, and reads all its streams, with the token that comes with its handle.
 *
 * @param id - of the task, with its type
 * @param options - those of `useTaskTrigger` and `useRealtimeRun`
 * @returns the way to trigger it, the run as it stands, and the parts of each stream by its key
 * @example
 * ```ts
 * const { submit, streams } = useRealtimeTaskTriggerWithStreams<typeof report, { lines: string }>("report.make", { accessToken, baseURL });
 * ```
 */
export function useRealtimeTaskTriggerWithStreams<
  TTask extends AnyTask,
  TStreams extends object = Record<string, unknown>,
>(
  id: TTask["id"],
  options: UseRealtimeTaskTriggerOptions<LiveRunOf<TTask>> = {},
): RealtimeTriggerInstanceWithStreams<TTask, TStreams> {
  const { error: triggerError, ...trigger } = useTaskTrigger<TTask>(id, options);
  const { handle } = trigger;
  const accessToken = handle?.publicAccessToken ?? options.accessToken;
  const throttleInMs = options.throttleInMs ?? options.experimental_throttleInMs;
  const { error, ...followed } = useRealtimeRunWithStreams<TTask, TStreams>(handle?.id, {
    ...options,
    accessToken,
    throttleInMs,
  });
  return { ...trigger, ...followed, error: error ?? triggerError };
}
