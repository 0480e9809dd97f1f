import type { RunArguments, TaskDefinition } from "@pawl/sdk/runtime";
import type { RunOrder } from "../channel/messages.ts";

const environmentTypes = ["PRODUCTION", "STAGING", "DEVELOPMENT", "PREVIEW"] as const;

/**
 * Builds the `ctx` that a task receives.
 *
 * @param order - the run as the host gave it
 * @param definition - its task
 * @param startedAt - when this attempt started
 * @returns a snapshot; what a server of one project does not tell has the name `default`
 */
export function taskContext(order: RunOrder, definition: TaskDefinition, startedAt: Date): RunArguments["ctx"] {
  const { run, environment } = order;
  return {
    attempt: { number: run.attempt, startedAt },
    task: { id: run.taskId, filePath: definition.filePath ?? "" },
    run: {
      id: run.runId,
      tags: run.tags,
      isTest: run.isTest,
      isReplay: false,
      createdAt: new Date(run.createdAt),
      startedAt,
      maxAttempts: run.maxAttempts,
      version: order.versionLabel,
      ...(definition.maxDuration === undefined ? {} : { maxDuration: definition.maxDuration }),
    },
    queue: { id: run.queueName, name: run.queueName },
    environment: {
      id: environment.id,
      slug: environment.slug,
      type: environmentTypes.find((type) => type === environment.type) ?? "DEVELOPMENT",
    },
    organization: { id: "default", slug: "default", name: "default" },
    project: { id: "default", ref: "default", slug: "default", name: "default" },
    machine: { name: definition.machine ?? "small-1x", cpu: 0.5, memory: 0.5, centsPerMs: 0 },
  };
}
