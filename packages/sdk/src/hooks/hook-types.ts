import type { hookNames } from "@pawl/contract/hook-names";
import type { PartialRetryPolicy, RetryPolicy } from "@pawl/contract/retry";
import type { WaitAbout } from "../runtime.ts";
import type { TaskContext } from "../task-context.ts";

/** What every hook receives. */
export interface HookBase {
  readonly ctx: TaskContext;
  readonly payload: unknown;
  /** The id of the task. */
  readonly task: string;
  readonly signal: AbortSignal;
  /** What the `init` hooks returned; absent without one. */
  readonly init?: unknown;
}

/** How the code of a run ended. */
export type HookResult<TOutput = unknown> =
  | { readonly ok: true; readonly data: TOutput }
  | { readonly ok: false; readonly error: unknown };

/** What a `catchError` hook may decide; `undefined` leaves it to the retry policy. */
export interface CatchErrorDecision {
  /** No further attempt. */
  readonly skipRetrying?: boolean;
  /** When the next attempt comes. */
  readonly retryAt?: Date;
  /** The same as a delay, in milliseconds. */
  readonly retryDelayInMs?: number;
  /** Another policy for this failure. */
  readonly retry?: PartialRetryPolicy;
  /** What the attempt failed with instead. */
  readonly error?: unknown;
}

/** What each hook receives beside {@link HookBase}. */
export interface HookExtras {
  /** `next` calls the rest of the attempt; it rejects when the attempt fails. */
  readonly middleware: { readonly next: () => Promise<void> };
  readonly init: object;
  readonly onStart: object;
  readonly onStartAttempt: object;
  readonly onSuccess: { readonly output: unknown };
  readonly onFailure: { readonly error: unknown };
  readonly onComplete: { readonly result: HookResult };
  readonly cleanup: object;
  readonly onWait: { readonly wait: WaitAbout };
  readonly onResume: { readonly wait: WaitAbout };
  /** `runPromise` settles when the run's own code does. */
  readonly onCancel: { readonly runPromise: Promise<unknown> };
  /** `retry` is the run's policy; `retryDelayInMs` and `retryAt` are what it says, absent when no attempt is left. */
  readonly catchError: {
    readonly error: unknown;
    readonly retry: RetryPolicy;
    readonly retryAt?: Date;
    readonly retryDelayInMs?: number;
  };
}

/** The name of a hook. */
export type HookName = (typeof hookNames)[number];

/** What a hook receives. */
export type HookParams<K extends HookName> = HookBase & HookExtras[K];
