import type { RunResult } from "@pawl/contract/worker-protocol";
import type { TaskDefinition } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import type { BundleConfig } from "./bundle-config.ts";
import { callEndHooks } from "./end-hooks.ts";
import { failureOf } from "./failure.ts";
import { type HookedAttempt, hasLifecycle, throughLifecycle } from "./lifecycle.ts";
import { type Ending, outputOf, writeOutput } from "./output.ts";
import { hasHooks, type RunScene } from "./run-hooks.ts";
import { openOrder, sceneOf } from "./scene.ts";

/**
 * Executes a run: reads and checks its payload, calls the task with its hooks, writes its output; or calls hooks of one that has
 * ended. Never rejects.
 *
 * @param run - the run, whose cell is in the current asynchronous context
 * @param definition - its task, or undefined when the bundle has none with that id
 * @param config - the bundle's configuration
 * @returns the result to report
 */
export async function execute(
  run: RunInProcess,
  definition: TaskDefinition | undefined,
  config: BundleConfig,
): Promise<RunResult> {
  if (definition === undefined) return resultOf(run, taskNotFound(run.taskId));
  const ending = await (run.hook === undefined
    ? attempt(run, definition, config)
    : callEndHooks(run, definition, run.hook));
  if (run.hasBackgroundWork && !run.isCancelled) await run.whenBackgroundWorkDone();
  for (const last of run.cell.atEnd ?? []) await last();
  return resultOf(run, ending);
}

/** Adds to an ending which claim it is of and how long it executed. */
export function resultOf(run: RunInProcess, ending: Ending): RunResult {
  const { heldId: runId, fence } = run;
  const durationMs = Math.round(run.executedMs * 1_000) / 1_000;
  if (ending.kind === "failed") return { ...ending, runId, fence, durationMs };
  const { text, type } = ending.packet;
  if (text === undefined) return { kind: "completed", runId, fence, outputType: type, durationMs };
  return { kind: "completed", runId, fence, output: text, outputType: type, durationMs };
}

/** The result of a run that was cancelled. */
export function cancelledResult(run: RunInProcess): RunResult {
  const error = { type: "INTERNAL_ERROR", code: "TASK_RUN_CANCELLED" } as const;
  return resultOf(run, { kind: "failed", error, retry: { never: true } });
}

async function attempt(run: RunInProcess, definition: TaskDefinition, config: BundleConfig): Promise<Ending> {
  const opened = openOrder(run, definition);
  if ("kind" in opened) return opened;
  try {
    if (definition.parsePayload !== undefined) opened.payload = await definition.parsePayload(opened.payload);
  } catch (thrown) {
    return failureOf(run, null, thrown, config);
  }
  const scene = sceneOf(run, definition, opened);
  run.scene = scene; // before the code, which may wait at once
  const code = () => callTask(run, scene);
  const hooked = { run, scene, config, code };
  return hasLifecycle(scene) ? throughLifecycle(hooked) : plain(hooked);
}

/** Most runs have no hooks but those for failures. */
async function plain({ run, scene, config, code }: HookedAttempt): Promise<Ending> {
  let output: unknown;
  try {
    output = await outputOf(code());
  } catch (thrown) {
    return failureOf(run, scene, thrown, config);
  }
  return writeOutput(output);
}

function callTask(run: RunInProcess, scene: RunScene): Promise<unknown> {
  const { ctx, payload, init, definition } = scene;
  const args = {
    ctx,
    init,
    get signal() {
      return run.signal;
    },
  };
  const code = definition.run(payload, args);
  if (!hasHooks("middleware", scene)) scene.code = code; // a middleware is the run's code, too
  return code;
}

function taskNotFound(taskId: string): Ending {
  const message = `The bundle has no task with the id "${taskId}".`;
  return { kind: "failed", error: { type: "INTERNAL_ERROR", code: "COULD_NOT_FIND_TASK", message } };
}
