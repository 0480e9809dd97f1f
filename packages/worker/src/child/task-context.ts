import type { AssignedRun } from "@pawl/contract/worker-protocol";
import type { TaskContext, TaskDefinition } from "@pawl/sdk/runtime";
import type { RunOrder } from "../channel/messages.ts";

const environmentTypes = ["PRODUCTION", "STAGING", "DEVELOPMENT", "PREVIEW"] as const;

/** Cores and gigabytes of the machine presets. */
const machines: Readonly<Record<string, { readonly cpu: number; readonly memory: number }>> = {
  micro: { cpu: 0.25, memory: 0.25 },
  "small-1x": { cpu: 0.5, memory: 0.5 },
  "small-2x": { cpu: 1, memory: 1 },
  "medium-1x": { cpu: 1, memory: 2 },
  "medium-2x": { cpu: 2, memory: 4 },
  "large-1x": { cpu: 4, memory: 8 },
  "large-2x": { cpu: 8, memory: 16 },
};
const defaultMachine = "small-1x";

/**
 * Builds the `ctx` that a task receives.
 *
 * @param order - the run as the host gave it
 * @param definition - its task
 * @param startedAt - when this attempt started
 * @returns a snapshot; what a server of one project does not tell has the name `default`
 */
export function taskContext(order: RunOrder, definition: TaskDefinition, startedAt: Date): TaskContext {
  const { run, environment } = order;
  const machine = run.machine ?? definition.machine ?? defaultMachine;
  return {
    attempt: { number: run.attempt, startedAt },
    task: { id: run.taskId, filePath: definition.filePath ?? "" },
    run: {
      id: run.runId,
      tags: run.tags,
      isTest: run.isTest,
      isReplay: run.isReplay ?? false,
      createdAt: new Date(run.createdAt),
      startedAt,
      maxAttempts: run.maxAttempts,
      version: order.versionLabel,
      ...optionalFacts(run, definition),
    },
    queue: { id: run.queueName, name: run.queueName },
    environment: {
      id: environment.id,
      slug: environment.slug,
      type: environmentTypes.find((type) => type === environment.type) ?? "DEVELOPMENT",
    },
    organization: { id: "default", slug: "default", name: "default" },
    project: { id: "default", ref: "default", slug: "default", name: "default" },
    machine: { name: machine, ...(machines[machine] ?? { cpu: 0.5, memory: 0.5 }), centsPerMs: 0 },
    ...(run.batchId === undefined ? {} : { batch: { id: run.batchId } }),
  };
}

/** What a run may have or not; absent is what user code expects of a field without a value. */
function optionalFacts(run: AssignedRun, definition: TaskDefinition): Partial<TaskContext["run"]> {
  const { idempotencyKey, idempotencyKeyScope, priority, parentRunId, rootRunId } = run;
  const maxDuration = run.maxDuration ?? definition.maxDuration;
  return {
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    ...(idempotencyKeyScope === undefined ? {} : { idempotencyKeyScope }),
    ...(maxDuration === undefined ? {} : { maxDuration }),
    ...(priority === undefined ? {} : { priority }),
    ...(parentRunId === undefined ? {} : { parentTaskRunId: parentRunId }),
    ...(rootRunId === undefined ? {} : { rootTaskRunId: rootRunId }),
  };
}
