import type { AssignedRun } from "@pawl/contract/worker-protocol";
import { errorOfRun, type HookExtras, type HookName, RunCancelledError, type TaskDefinition } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import { throughMiddleware } from "./lifecycle.ts";
import { type Ending, writeOutput } from "./output.ts";
import { hookParams, hooksFor, inHookSpan, type RunScene } from "./run-hooks.ts";
import { openOrder, sceneOf } from "./scene.ts";
import { runErrorOf } from "./thrown-value.ts";

/**
 * Calls the hooks of a run that has ended without a process that could: after a failure `onFailure` and `onComplete`, after a
 * cancellation `onCancel`; inside of its middleware, whose `next()` rejects with the run's error, and between `init` and
 * `cleanup`. What a hook throws is logged, and keeps no other from being called.
 *
 * @param run - the run that calls them, whose cell is in the current asynchronous context
 * @param definition - the task of both
 * @param hook - which hooks, and of which run
 * @returns completed, or failed with the first error that a hook has thrown; it is not tried again
 */
export async function callEndHooks(
  run: RunInProcess,
  definition: TaskDefinition,
  hook: NonNullable<AssignedRun["hook"]>,
): Promise<Ending> {
  const opened = openOrder(run, definition);
  if ("kind" in opened) return opened;
  try {
    if (definition.parsePayload !== undefined) opened.payload = await definition.parsePayload(opened.payload);
  } catch {
    // what does not fit the schema is told as it came
  }
  const scene = sceneOf(run, definition, opened);
  run.scene = scene;
  run.log({ level: "info", message: announcement(hook), atMs: Date.now(), isContextLost: false });
  const thrown: unknown[] = [];
  const error = hook.kind === "onCancel" ? new RunCancelledError() : errorOfRun(hook.error);
  await throughMiddleware(scene, async () => {
    await callAll(run, scene, hook.kind, error, thrown);
    throw error;
  }).catch((reason: unknown) => {
    if (reason !== error) note(run, "middleware", reason, thrown);
  });
  if (thrown.length === 0) return writeOutput(undefined);
  return { kind: "failed", error: runErrorOf(thrown[0]), retry: { never: true } };
}

async function callAll(
  run: RunInProcess,
  scene: RunScene,
  kind: "onFailure" | "onCancel",
  error: Error,
  thrown: unknown[],
): Promise<void> {
  const call = <K extends HookName>(name: K, extras: HookExtras[K]) => callQuietly(run, scene, name, extras, thrown);
  await call("init", {});
  if (kind === "onFailure") {
    await call("onFailure", { error });
    await call("onComplete", { result: { ok: false, error } });
  } else {
    const runPromise = Promise.reject(error);
    runPromise.catch(() => undefined); // that no hook looks at it is no error
    await call("onCancel", { runPromise });
  }
  await call("cleanup", {});
}

async function callQuietly<K extends HookName>(
  run: RunInProcess,
  scene: RunScene,
  name: K,
  extras: HookExtras[K],
  thrown: unknown[],
): Promise<void> {
  for (const hook of hooksFor(name, scene)) {
    try {
      const result = await inHookSpan(name, async () => hook(hookParams(scene, extras)));
      if (name === "init") scene.init = result;
    } catch (reason) {
      note(run, name, reason, thrown);
    }
  }
}

function note(run: RunInProcess, name: HookName, reason: unknown, thrown: unknown[]): void {
  thrown.push(reason);
  run.logThrown(`The ${name} hook threw.`, reason);
}

function announcement({ kind, attempt }: NonNullable<AssignedRun["hook"]>): string {
  const why = attempt === 0 ? "it had none" : "that had ended before";
  return `${kind} is called after the end of the run, which no process of its own could do: ${why}.`;
}
