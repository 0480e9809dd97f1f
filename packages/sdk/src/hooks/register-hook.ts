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
