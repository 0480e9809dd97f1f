import { readPacket } from "@pawl/contract/packet";
import type { TaskContext, TaskDefinition } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import { type Failure, internalFailure } from "./failure.ts";
import type { RunScene } from "./run-hooks.ts";
import { taskContext } from "./task-context.ts";

/** Reads what the order says; its text is not kept. */
export function openOrder(
  run: RunInProcess,
  definition: TaskDefinition,
): { ctx: TaskContext; payload: unknown } | Failure {
  const order = run.takeOrder();
  const { payload: text, payloadType: type } = order.run;
  try {
    const payload = readPacket(text === undefined ? { type } : { text, type });
    return { ctx: taskContext(order, definition, new Date()), payload };
  } catch (thrown) {
    return internalFailure("TASK_INPUT_ERROR", thrown);
  }
}

/** Makes what the hooks of a run are told. */
export function sceneOf(
  run: RunInProcess,
  definition: TaskDefinition,
  { ctx, payload }: { readonly ctx: TaskContext; readonly payload: unknown },
): RunScene {
  return {
    definition,
    ctx,
    payload,
    signal: () => run.signal,
    init: undefined,
    code: Promise.resolve<unknown>(undefined),
  };
}
