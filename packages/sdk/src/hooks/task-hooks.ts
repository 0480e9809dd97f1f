import { hookNames } from "@pawl/contract/hook-names";
import type { TaskDefinition } from "../runtime.ts";
import type { CatchErrorDecision, HookName, HookParams, HookResult } from "./hook-types.ts";

/** What a hook of a task receives, with the types of its payload and of what its `init` gave. */
type ParamsOfTask<K extends HookName, TPayload, TInit> = Omit<HookParams<K>, "payload" | "init"> & {
  readonly payload: TPayload;
  /** What the task's `init` returned. */
  readonly init: TInit;
};

/** Whatever a hook returns that it may also have to be awaited for. */
type Awaitable<T> = T | Promise<T>;

/**
 * The hooks that `task` and `schemaTask` take beside `run`. In an attempt they are called in this order, inside of each
 * `middleware`: `init`, `onStart` (at the first attempt), `onStartAttempt`, `run`, then `onSuccess` and `onComplete`, or
 * `catchError` and, when there is no further attempt, `onFailure` and `onComplete`; at last `cleanup`. Before `run`, global hooks
 * come before the task's; after it, the task's come first.
 *
 * @example
 * ```ts
 * export const sync = task({
 *   id: "orders.sync",
 *   run: async (payload: { shop: string }) => syncOrders(payload.shop),
 *   onStartAttempt: async ({ ctx }) => logger.info(`Attempt ${ctx.attempt.number}`),
 *   catchError: async ({ error }) => {
 *     if (error instanceof ShopClosed) return { skipRetrying: true };
 *   },
 *   onSuccess: async ({ output }) => report(output),
 *   onFailure: async ({ payload, error }) => tellShop(payload.shop, error),
 *   onCancel: async ({ payload }) => releaseLock(payload.shop),
 * });
 * ```
 */
export interface TaskHooks<TPayload, TOutput = unknown, TInit = unknown> {
  /**
   * Called around everything else of an attempt. `await next()` calls the rest, and rejects when the attempt fails; the attempt fails even
   * if that is caught. Without a call of `next` the run completes without having done anything. Its payload has no type, so that
   * it may be written before `run`, which gives the others theirs.
   */
  readonly middleware?: (params: HookParams<"middleware">) => Awaitable<void>;
  /** Called before each attempt; what it returns is `init` of `run` and of the hooks after it. What it throws fails the attempt. */
  readonly init?: (params: Omit<ParamsOfTask<"init", TPayload, unknown>, "init">) => Awaitable<TInit>;
  /** Called before the first attempt. What it throws fails the attempt. */
  readonly onStart?: (params: ParamsOfTask<"onStart", TPayload, TInit>) => Awaitable<void>;
  /** Called before each attempt. What it throws fails the attempt. */
  readonly onStartAttempt?: (params: ParamsOfTask<"onStartAttempt", TPayload, TInit>) => Awaitable<void>;
  /** Called when `run` has returned. What it throws is logged. */
  readonly onSuccess?: (
    params: Omit<ParamsOfTask<"onSuccess", TPayload, TInit>, "output"> & { readonly output: NoInfer<TOutput> },
  ) => Awaitable<void>;
  /** Called when an attempt has failed and none follows. What it throws is logged. */
  readonly onFailure?: (params: ParamsOfTask<"onFailure", TPayload, TInit>) => Awaitable<void>;
  /** Called after `onSuccess` or `onFailure`. What it throws is logged. */
  readonly onComplete?: (
    params: Omit<ParamsOfTask<"onComplete", TPayload, TInit>, "result"> & {
      readonly result: HookResult<NoInfer<TOutput>>;
    },
  ) => Awaitable<void>;
  /** Called at the end of each attempt, however it went. What it throws is logged. */
  readonly cleanup?: (params: ParamsOfTask<"cleanup", TPayload, TInit>) => Awaitable<void>;
  /**
   * Called before the run gives its process away to wait, to close what must not stay open. A task with this hook keeps its
   * process to itself while it waits.
   */
  readonly onWait?: (params: ParamsOfTask<"onWait", TPayload, TInit>) => Awaitable<void>;
  /** Called when a wait is over, before the code goes on; the counterpart of `onWait`. */
  readonly onResume?: (params: ParamsOfTask<"onResume", TPayload, TInit>) => Awaitable<void>;
  /** Called when the run is cancelled while it executes or waits. The run ends when its code has, within 30 s. */
  readonly onCancel?: (params: ParamsOfTask<"onCancel", TPayload, TInit>) => Awaitable<void>;
  /**
   * Called when an attempt failed, to decide how it goes on; `undefined` leaves it to the global hooks, then to the retry
   * policy. Not called for `AbortTaskRunError`, nor for a payload that the schema refuses.
   */
  readonly catchError?: (
    params: ParamsOfTask<"catchError", TPayload, TInit>,
  ) => Awaitable<CatchErrorDecision | undefined>;
  /** The former name of `catchError`. */
  readonly handleError?: (
    params: ParamsOfTask<"catchError", TPayload, TInit>,
  ) => Awaitable<CatchErrorDecision | undefined>;
}

/**
 * Gives the hooks of a task in the form that the run process calls.
 *
 * @param options - the task's options
 * @returns its hooks by their names, or undefined where it has none
 */
export function hooksOf<TPayload, TOutput, TInit>(
  options: TaskHooks<TPayload, TOutput, TInit>,
): TaskDefinition["hooks"] {
  const named = { ...options, catchError: options.catchError ?? options.handleError };
  const hooks = hookNames.flatMap((name) => (named[name] === undefined ? [] : [[name, named[name]]]));
  // A run's payload has the type that its task's `run` takes: triggers are held to it, schemas give it.
  return hooks.length === 0 ? undefined : (Object.fromEntries(hooks) as TaskDefinition["hooks"]);
}
