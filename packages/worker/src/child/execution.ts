import { maxOutputBytes, type Packet, readPacket, writePacket } from "@pawl/contract/packet";
import type { RunResult } from "@pawl/contract/worker-protocol";
import type { RunArguments, TaskDefinition } from "@pawl/sdk/runtime";
import type { RunInProcess } from "./active-run.ts";
import { taskContext } from "./task-context.ts";
import { describeThrown, runErrorOf } from "./thrown-value.ts";

type Failure = Extract<RunResult, { kind: "failed" }>;

/** What became of the code, before the run's identity and duration are added. */
type Ending =
  | { readonly kind: "completed"; readonly packet: Packet }
  | { readonly kind: "failed"; readonly error: Failure["error"]; readonly retry?: NonNullable<Failure["retry"]> };

/**
 * Executes a run: reads and checks its payload, calls the task, writes its output. Never rejects.
 *
 * @param run - the run, whose cell is in the current asynchronous context
 * @param definition - its task, or undefined when the bundle has none with that id
 * @returns the result to report
 */
export async function execute(run: RunInProcess, definition: TaskDefinition | undefined): Promise<RunResult> {
  const ending = await (definition === undefined ? taskNotFound(run.taskId) : attempt(run, definition));
  return resultOf(run, ending);
}

/** Adds to an ending which claim it is of and how long it took. */
export function resultOf(run: RunInProcess, ending: Ending): RunResult {
  const { runId, fence } = run.order.run;
  const durationMs = Math.round((performance.now() - run.startedAtMs) * 1_000) / 1_000;
  if (ending.kind === "failed") return { ...ending, runId, fence, durationMs };
  const { text, type } = ending.packet;
  if (text === undefined) return { kind: "completed", runId, fence, outputType: type, durationMs };
  return { kind: "completed", runId, fence, output: text, outputType: type, durationMs };
}

async function attempt(run: RunInProcess, definition: TaskDefinition): Promise<Ending> {
  const { payload: text, payloadType: type } = run.order.run;
  let payload: unknown;
  try {
    payload = readPacket(text === undefined ? { type } : { text, type });
  } catch (thrown) {
    return internalError("TASK_INPUT_ERROR", thrown);
  }
  let output: unknown;
  try {
    if (definition.parsePayload !== undefined) payload = await definition.parsePayload(payload);
    output = await definition.run(payload, argumentsOf(run, definition));
  } catch (thrown) {
    const error = runErrorOf(thrown);
    return isFinal(thrown) ? { kind: "failed", error, retry: { never: true } } : { kind: "failed", error };
  }
  return writeOutput(output);
}

function argumentsOf(run: RunInProcess, definition: TaskDefinition): RunArguments {
  return {
    ctx: taskContext(run.order, definition, new Date()),
    get signal() {
      return run.signal;
    },
  };
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

function internalError(code: "TASK_INPUT_ERROR" | "TASK_OUTPUT_ERROR", thrown: unknown): Ending {
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

// By the mark that all copies of the SDK put on an error and its subclasses, or by name.
const finalErrors = ["AbortTaskRunError", "TaskPayloadParsedError"].map((name) => ({
  name,
  mark: Symbol.for(`pawl.error.${name}.1`),
}));

function isFinal(thrown: unknown): boolean {
  if (typeof thrown !== "object" || thrown === null) return false;
  return finalErrors.some(({ name, mark }) => mark in thrown || ("name" in thrown && thrown.name === name));
}
