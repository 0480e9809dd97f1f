import type { AnyTask, RunHandle, TaskIdentifier, TaskOutput, TaskPayload, TriggerOptions } from "@pawl/sdk";
import { trigger } from "@pawl/sdk/page";
import { callAt, type UseApiClientOptions, useTarget } from "./target.ts";
import { useAction } from "./use-action.ts";

/** Options of {@link useTaskTrigger}. */
export type UseTaskTriggerOptions = UseApiClientOptions;

/** The handle of a run of a task. */
export type RunHandleOf<TTask extends AnyTask> = RunHandle<
  TaskIdentifier<TTask>,
  TaskPayload<TTask>,
  TaskOutput<TTask>
>;

/** Triggers the task; a task without a payload needs none. */
export type SubmitTask<TTask extends AnyTask> = (
  ...call: undefined extends TaskPayload<TTask>
    ? [payload?: TaskPayload<TTask>, options?: TriggerOptions]
    : [payload: TaskPayload<TTask>, options?: TriggerOptions]
) => void;

/** What {@link useTaskTrigger} gives. */
export interface TriggerInstance<TTask extends AnyTask> {
  /** Triggers the task. What becomes of it is in the other fields. */
  readonly submit: SubmitTask<TTask>;
  /** Whether the last `submit` has not been answered yet. */
  readonly isLoading: boolean;
  /** Of the run that the last `submit` made, with a token that may read the run. */
  readonly handle?: RunHandleOf<TTask> | undefined;
  /** Why the last `submit` made no run. */
  readonly error?: Error | undefined;
}

/**
 * Triggers a task from a page. A trigger that is under way when the component unmounts is completed.
 *
 * @param id - of the task, with its type
 * @param options - `accessToken` of `auth.createTriggerPublicToken`; it is for one run unless it was made for several
 * @returns the way to trigger it, and what came of it
 * @example
 * ```ts
 * const { submit, handle, isLoading, error } = useTaskTrigger<typeof report>("report.make", { accessToken, baseURL });
 * const onClick = () => submit({ pages: 3 });
 * ```
 */
export function useTaskTrigger<TTask extends AnyTask>(
  id: TaskIdentifier<TTask>,
  options: UseTaskTriggerOptions = {},
): TriggerInstance<TTask> {
  const target = useTarget("useTaskTrigger", options);
  const { start, isLoading, result, error } = useAction(
    `trigger ${id}`,
    (payload: unknown, triggerOptions?: TriggerOptions) =>
      callAt(target, (clientConfig) =>
        trigger({ taskId: id, payload, options: triggerOptions, requestOptions: { clientConfig } }),
      ),
  );
  return {
    submit: start as SubmitTask<TTask>, // the payload is what the task's type says
    isLoading,
    handle: result as RunHandleOf<TTask> | undefined, // as above
    error,
  };
}
