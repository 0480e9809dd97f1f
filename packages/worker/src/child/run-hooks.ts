import type { TaskContext } from "@pawl/sdk/runtime";
import { type HookExtras, type HookName, type HookParams, runtime, type TaskDefinition } from "@pawl/sdk/runtime";

/** A hook of a kind. */
export type Hook<K extends HookName> = (params: HookParams<K>) => unknown;

/** A run as its hooks are told. */
export interface RunScene {
  readonly definition: TaskDefinition;
  readonly ctx: TaskContext;
  /** As `run` got it. */
  readonly payload: unknown;
  readonly signal: () => AbortSignal;
  /** What `init` gave; undefined without one. */
  init: unknown;
  /** Settles when the run's code does. */
  code: Promise<unknown>;
}

/** Hooks that open something: those for every task come before the task's own. With the others it is the other way round. */
const globalFirst: ReadonlySet<HookName> = new Set(["middleware", "init", "onStart", "onStartAttempt", "onResume"]);

/** The hooks of a kind that are registered for every task, in the order of their registration. */
function globalHooks<K extends HookName>(name: K): Hook<K>[] {
  const registered = runtime().globalHooks.filter((entry) => entry.name === name);
  return registered.map(({ hook }) => hook as Hook<K>); // what is registered under a name takes what belongs to it
}

/**
 * The hooks of a kind that concern a run, in the order in which they are called: the task's own, then the global ones in the order of
 * their registration. Those that open something go the other way: global ones first; and what was closed last is opened first, so
 * `onResume` mirrors `onWait`.
 *
 * @param name - the kind
 * @param scene - the run; without one, before its code began, no hook concerns it
 * @param own - hooks of this run alone, called after the task's
 */
export function hooksFor<K extends HookName>(
  name: K,
  scene: RunScene | null,
  own: readonly Hook<K>[] = [],
): readonly Hook<K>[] {
  if (scene === null) return [];
  const ofTask = scene.definition.hooks?.[name];
  const ofRun = [...(ofTask === undefined ? [] : [ofTask as Hook<K>]), ...own];
  if (!globalFirst.has(name)) return [...ofRun, ...globalHooks(name)];
  const global = globalHooks(name);
  return [...(name === "onResume" ? global.reverse() : global), ...ofRun];
}

/** Whether any hook of a kind concerns a run. */
export function hasHooks(name: HookName, scene: RunScene | null): boolean {
  return (
    scene !== null &&
    (scene.definition.hooks?.[name] !== undefined || runtime().globalHooks.some((entry) => entry.name === name))
  );
}

/** Makes what a hook receives. */
export function hookParams<K extends HookName>(scene: RunScene, extras: HookExtras[K]): HookParams<K> {
  const { ctx, payload, definition } = scene;
  return {
    ...extras,
    ctx,
    payload,
    task: definition.id,
    get init() {
      return scene.init;
    },
    get signal() {
      return scene.signal();
    },
  };
}

/** A hook that takes less, in milliseconds, has no span: most do next to nothing, and every run has them. */
const leastSpanMs = 5;

/** Calls a hook, as a span of the run's trace where it takes long or throws. */
export async function inHookSpan<T>(name: HookName, call: () => Promise<T>): Promise<T> {
  const cell = runtime().context?.getStore();
  const span = cell?.run?.startSpan?.(name);
  if (span === undefined) return call();
  const beganMs = performance.now();
  try {
    const result = await span.run(call);
    if (performance.now() - beganMs >= leastSpanMs) span.end();
    return result;
  } catch (thrown) {
    span.fail(thrown);
    span.end();
    throw thrown;
  }
}

/**
 * Calls the hooks of a kind, one after the other.
 *
 * @throws what a hook throws
 */
export async function callHooks<K extends HookName>(
  name: K,
  scene: RunScene | null,
  extras: HookExtras[K],
): Promise<void> {
  if (scene === null) return;
  for (const hook of hooksFor(name, scene)) await inHookSpan(name, async () => hook(hookParams(scene, extras)));
}
