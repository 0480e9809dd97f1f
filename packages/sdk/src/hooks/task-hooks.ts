import type { TaskDefinition } from "../runtime.ts";
import type { CatchErrorDecision, HookName, HookParams } from "./hook-types.ts";

/** What a hook of a task receives, with the type of its payload. */
type ParamsOfTask<K extends HookName, TPayload> = Omit<HookParams<K>, "payload"> & { readonly payload: TPayload };

/** Whatever a hook returns that it may also have to be awaited for. */
type Awaitable<T> = T | Promise<T>;

/**
 * The hooks that `task` and `schemaTask` take beside `run`.
 *
 * @example
 * ```ts
 * export const sync = task({
 *   id: "orders.sync",
 *   run: async (payload: { shop: string }) => syncOrders(payload.shop),
 *   catchError: async ({ error }) => {
 *     if (error instanceof ShopClosed) return { skipRetrying: true };
 *   },
 *   onCancel: async ({ payload }) => releaseLock(payload.shop),
 * });
 * ```
 */
export interface TaskHooks<TPayload> {
  /**
   * Called before the run gives its process away to wait, to close what must not stay open. A task with this hook keeps its
   * process to itself while it waits.
   */
  readonly onWait?: (params: ParamsOfTask<"onWait", TPayload>) => Awaitable<void>;
  /** Called when a wait is over, before the code goes on; the counterpart of `onWait`. */
  readonly onResume?: (params: ParamsOfTask<"onResume", TPayload>) => Awaitable<void>;
  /** Called when the run is cancelled while it executes or waits. The run ends when its code has, within 30 s. */
  readonly onCancel?: (params: ParamsOfTask<"onCancel", TPayload>) => Awaitable<void>;
  /**
   * Called when an attempt failed, to decide how it goes on; `undefined` leaves it to the global hooks, then to the retry
   * policy. Not called for `AbortTaskRunError`, nor for a payload that the schema refuses.
   */
  readonly catchError?: (params: ParamsOfTask<"catchError", TPayload>) => Awaitable<CatchErrorDecision | undefined>;
  /** The former name of `catchError`. */
  readonly handleError?: (params: ParamsOfTask<"catchError", TPayload>) => Awaitable<CatchErrorDecision | undefined>;
}

/**
 * Gives the hooks of a task in the form that the run process calls.
 *
 * @param options - the task's options
 * @returns its hooks by their names, or undefined where it has none
 */
export function hooksOf<TPayload>(options: TaskHooks<TPayload>): TaskDefinition["hooks"] {
  const { onWait, onResume, onCancel } = options;
  const catchError = options.catchError ?? options.handleError;
  if (onWait === undefined && onResume === undefined && onCancel === undefined && catchError === undefined)
    return undefined;
  // A run's payload has the type that its task's `run` takes: triggers are held to it, schemas give it.
  return { onWait, onResume, onCancel, catchError } as TaskDefinition["hooks"];
}
