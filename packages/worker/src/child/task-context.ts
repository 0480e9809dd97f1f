import { defaultMachine, machineSize } from "@pawl/contract/machine";
import type { AssignedRun } from "@pawl/contract/worker-protocol";
import type { TaskContext, TaskDefinition } from "@pawl/sdk/runtime";
import type { EnvironmentFacts, RunOrder } from "../channel/messages.ts";

const environmentTypes = ["PRODUCTION", "STAGING", "DEVELOPMENT", "PREVIEW"] as const;

/**
 * Builds the `ctx` that a task receives.
 *
 * @param order - the run as the host gave it
 * @param definition - its task
 * @param startedAt - when this attempt started
 * @returns a snapshot, frozen; what this server does not have, such as organizations, has the name `default`, and costs are 0
 */
export function taskContext(order: RunOrder, definition: TaskDefinition, startedAt: Date): TaskContext {
  const { run, environment } = order;
  // Hooks that are called after the end of a run see that run.
  const number = run.hook === undefined ? run.attempt : Math.max(1, run.hook.attempt);
  const firstAt = run.hook?.startedAt === undefined ? startedAt : new Date(run.hook.startedAt);
  const machine = run.machine ?? definition.machine ?? defaultMachine;
  const { organization, project } = ownersOf(environment);
  return Object.freeze({
    attempt: { number, startedAt },
    task: { id: run.taskId, filePath: definition.filePath ?? "" },
    run: {
      id: run.hook?.runId ?? run.runId,
      tags: run.tags,
      isTest: run.isTest,
      isReplay: run.isReplay ?? false,
      createdAt: new Date(run.createdAt),
      startedAt: firstAt,
      maxAttempts: run.maxAttempts,
      version: order.versionLabel,
      baseCostInCents: 0,
      ...optionalFacts(run, definition),
    },
    queue: { id: run.queueName, name: run.queueName },
    environment: {
      id: environment.id,
      slug: environment.slug,
      type: environmentTypes.find((type) => type === environment.type) ?? "DEVELOPMENT",
    },
    organization,
    project,
    machine: { name: machine, ...machineSize(machine), centsPerMs: 0 },
    ...(run.batchId === undefined ? {} : { batch: { id: run.batchId } }),
    ...(environment.type === "DEVELOPMENT" ? {} : { deployment: deploymentOf(order) }),
  });
}

type Owners = Pick<TaskContext, "organization" | "project">;

const noOwners: Owners = {
  organization: Object.freeze({ id: "default", slug: "default", name: "default" }),
  project: Object.freeze({ id: "default", ref: "default", slug: "default", name: "default" }),
};

/** Of each run the same, as long as its host serves the same environment. */
function ownersOf({ project }: EnvironmentFacts): Owners {
  if (project === undefined) return noOwners;
  const { id, ref, name } = project;
  return { ...noOwners, project: Object.freeze({ id, ref, slug: ref, name }) };
}

/** The version that the run executes with, as `deployments` names it. */
function deploymentOf({ run, versionLabel }: RunOrder): NonNullable<TaskContext["deployment"]> {
  const id = run.versionId.replace(/^version_/, "deployment_");
  const runtime = process.versions.bun === undefined ? "node" : "bun";
  const runtimeVersion = process.versions.bun ?? process.versions.node;
  return { id, shortCode: id.slice(-8), version: versionLabel, runtime, runtimeVersion };
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
