import { maxOutputBytes, type Packet, readPacket, writePacket } from "@pawl/contract/packet";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { TaskContext, TaskDefinition } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import type { BundleConfig } from "./bundle-config.ts";
import { type Failure, failureOf } from "./failure.ts";
import type { RunScene } from "./run-hooks.ts";
import { taskContext } from "./task-context.ts";
import { describeThrown } from "./thrown-value.ts";

/** What became of the code, before the run's identity and duration are added. */
type Ending = { readonly kind: "completed"; readonly packet: Packet } | Failure;

/**
 * Executes a run: reads and checks its payload, calls the task, writes its output. Never rejects.
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
  const ending = await (definition === undefined ? taskNotFound(run.taskId) : attempt(run, definition, config));
  return resultOf(run, ending);
}

/** Adds to an ending which claim it is of and how long it executed. */
export function resultOf(run: RunInProcess, ending: Ending): RunResult {
  const { runId, fence } = run;
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
  let scene: RunScene | null = null;
  let output: unknown;
  try {
    if (definition.parsePayload !== undefined) opened.payload = await definition.parsePayload(opened.payload);
    scene = begin(run, definition, opened);
    output = await scene.code;
  } catch (thrown) {
    return failureOf(run, scene, thrown, config);
  }
  return writeOutput(output);
}

/** Reads what the order says; its text is not kept. */
function openOrder(run: RunInProcess, definition: TaskDefinition): { ctx: TaskContext; payload: unknown } | Failure {
  const order = run.takeOrder();
  const { payload: text, payloadType: type } = order.run;
  try {
    const payload = readPacket(text === undefined ? { type } : { text, type });
    return { ctx: taskContext(order, definition, new Date()), payload };
  } catch (thrown) {
    return internalError("TASK_INPUT_ERROR", thrown);
  }
}

function begin(
  run: RunInProcess,
  definition: TaskDefinition,
  { ctx, payload }: { readonly ctx: TaskContext; readonly payload: unknown },
): RunScene {
  const args = {
    ctx,
    get signal() {
      return run.signal;
    },
  };
  const scene = { definition, ctx, payload, signal: () => run.signal, code: Promise.resolve<unknown>(undefined) };
  run.scene = scene; // before the code, which may wait at once
  scene.code = definition.run(payload, args);
  return scene;
}

function writeOutput(output: unknown): Ending {
  try {
    const packet = writePacket(output);
    // A text has at most three bytes of UTF-8 for each of its units, so most need no count.
    const length = packet.text?.length ?? 0;
    if (length * 3 > maxOutputBytes && Buffer.byteLength(packet.text ?? "") > maxOutputBytes) {
      return internalError("TASK_OUTPUT_ERROR", `The output is larger than ${maxOutputBytes} bytes.`);
    }
    return { kind: "completed", packet };
  } catch (thrown) {
    return internalError("TASK_OUTPUT_ERROR", thrown);
  }
}

function internalError(code: "TASK_INPUT_ERROR" | "TASK_OUTPUT_ERROR", thrown: unknown): Failure {
  const { message, stack } = describeThrown(thrown);
  return {
    kind: "failed",
    error: { type: "INTERNAL_ERROR", code, message, ...(stack === "" ? {} : { stackTrace: stack }) },
  };
}

function taskNotFound(taskId: string): Ending {
  const message = `The bundle has no task with the id "${taskId}".`;
  return { kind: "failed", error: { type: "INTERNAL_ERROR", code: "COULD_NOT_FIND_TASK", message } };
}
