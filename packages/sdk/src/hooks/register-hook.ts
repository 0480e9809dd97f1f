import { RunContextError } from "../errors/task-error.ts";
import { currentRun, runtime } from "../runtime.ts";
import type { CatchErrorDecision, HookName, HookParams } from "./hook-types.ts";

/** What registers a hook for every task: the hook, with or without a name for people in front of it. */
interface RegisterHook<K extends HookName, TResult> {
  (hook: (params: HookParams<K>) => TResult | Promise<TResult>): void;
  (name: string, hook: (params: HookParams<K>) => TResult | Promise<TResult>): void;
}

/** The hooks of {@link tasks}, for every task of the project. Register them at the top level of a task file. */
export interface GlobalHooks {
  /**
   * Registers what is called around everything else of every attempt of every task. `await next()` calls the rest, and rejects
   * when the attempt fails; the attempt fails even if that is caught.
   *
   * @param name - for people
   * @param hook - the middleware; the one that is registered first is the outermost
   * @throws RunContextError inside a run
   * @example
   * ```ts
   * tasks.middleware("database", async ({ next }) => {
   *   const database = await connect();
   *   locals.set(databaseLocal, database);
   *   try {
   *     await next();
   *   } finally {
   *     await database.close();
   *   }
   * });
   * ```
   */
  readonly middleware: RegisterHook<"middleware", void>;
  /**
   * Registers a hook that is called before the first attempt of a run of any task. What it throws fails the attempt.
   *
   * @example
   * ```ts
   * tasks.onStart(async ({ ctx }) => audit.began(ctx.run.id));
   * ```
   */
  readonly onStart: RegisterHook<"onStart", void>;
  /**
   * Registers a hook that is called before each attempt of a run of any task. What it throws fails the attempt.
   *
   * @example
   * ```ts
   * tasks.onStartAttempt(async ({ ctx }) => logger.info(`Attempt ${ctx.attempt.number}`));
   * ```
   */
  readonly onStartAttempt: RegisterHook<"onStartAttempt", void>;
  /**
   * Registers a hook that is called when a run of any task has returned. What it throws is logged.
   *
   * @example
   * ```ts
   * tasks.onSuccess(async ({ task, output }) => metrics.count(task, output));
   * ```
   */
  readonly onSuccess: RegisterHook<"onSuccess", void>;
  /**
   * Registers a hook that is called when an attempt of a run of any task has failed and none follows. What it throws is logged.
   *
   * @example
   * ```ts
   * tasks.onFailure(async ({ ctx, error }) => tracker.capture(error, { run: ctx.run.id }));
   * ```
   */
  readonly onFailure: RegisterHook<"onFailure", void>;
  /**
   * Registers a hook that is called after `onSuccess` or `onFailure` of any task. What it throws is logged.
   *
   * @example
   * ```ts
   * tasks.onComplete(async ({ ctx, result }) => audit.ended(ctx.run.id, result.ok));
   * ```
   */
  readonly onComplete: RegisterHook<"onComplete", void>;
  /**
   * Registers a hook that is called before a run of any task begins to wait. Runs of the whole version then keep their
   * processes to themselves while they wait.
   *
   * @param hook - the hook; a name may stand in front of it
   * @throws RunContextError inside a run
   * @example
   * ```ts
   * tasks.onWait(async () => pool.end());
   * ```
   */
  readonly onWait: RegisterHook<"onWait", void>;
  /**
   * Registers a hook that is called when a wait of a run of any task is over, before its code goes on.
   *
   * @throws RunContextError inside a run
   * @example
   * ```ts
   * tasks.onResume(async () => pool.connect());
   * ```
   */
  readonly onResume: RegisterHook<"onResume", void>;
  /**
   * Registers a hook that is called when a run is cancelled. Called inside `run`, it is for that run alone.
   *
   * @example
   * ```ts
   * const job = await provider.submit(payload);
   * tasks.onCancel(async () => provider.cancel(job.id));
   * ```
   */
  readonly onCancel: RegisterHook<"onCancel", void>;
  /**
   * Registers a hook that decides how a failed attempt of any task goes on. The task's own comes first, then the global ones in
   * the order of their registration; the first that says something decides.
   *
   * @throws RunContextError inside a run
   * @example
   * ```ts
   * tasks.catchError(async ({ error }) => {
   *   if (error instanceof QuotaExceeded) return { retryAt: error.resetsAt };
   * });
   * ```
   */
  readonly catchError: RegisterHook<"catchError", CatchErrorDecision | undefined>;
  /** The former name of `catchError`. */
  readonly handleError: RegisterHook<"catchError", CatchErrorDecision | undefined>;
}

/** The functions that register hooks for every task. */
export const globalHooks: GlobalHooks = {
  middleware: registrar("middleware"),
  onStart: registrar("onStart"),
  onStartAttempt: registrar("onStartAttempt"),
  onSuccess: registrar("onSuccess"),
  onFailure: registrar("onFailure"),
  onComplete: registrar("onComplete"),
  onWait: registrar("onWait"),
  onResume: registrar("onResume"),
  onCancel(...call: [string, Hook<"onCancel">] | [Hook<"onCancel">]) {
    const hook = hookIn("onCancel", call);
    const current = currentRun();
    if (current.kind === "run") current.run.onCancel(hook);
    else if (current.kind === "context_ended") {
      throw new RunContextError("tasks.onCancel was called in the context of a run that has ended.");
    } else add("onCancel", hook);
  },
  catchError: registrar("catchError"),
  handleError: registrar("catchError"),
};

type Hook<K extends HookName> = (params: HookParams<K>) => unknown;

function registrar<K extends HookName>(name: K): (...call: [string, Hook<K>] | [Hook<K>]) => void {
  return (...call) => {
    const hook = hookIn(name, call);
    const { kind } = currentRun();
    if (kind === "run" || kind === "context_ended") {
      throw new RunContextError(
        `tasks.${name} was called inside a run, and would stay for all later ones. Call it at the top level of a task file.`,
      );
    }
    add(name, hook);
  };
}

function hookIn<K extends HookName>(name: K, call: [string, Hook<K>] | [Hook<K>]): Hook<K> {
  const hook = call.length === 1 ? call[0] : call[1];
  if (typeof hook !== "function") throw new TypeError(`tasks.${name} takes a function.`);
  return hook;
}

function add<K extends HookName>(name: K, hook: Hook<K>): void {
  runtime().globalHooks.push({ name, hook });
}
