import type { Execution } from "@pawl/contract/api/dev-runs";
import { toPublicId } from "@pawl/contract/ids";
import type { RunExecution } from "../engine/polled-run-ports.ts";
import type { Environment } from "../engine/ports.ts";
import { machineOf } from "./machine.ts";

/**
 * What a worker executes and its code sees as `ctx`.
 *
 * @param run - the run with its attempt
 * @param environment - where it executes
 * @returns the execution; what does not apply is left out
 */
export function executionOf(run: RunExecution, environment: Environment): Execution {
  const { project } = run;
  return {
    attempt: { number: run.attempt, startedAt: run.attemptStartedAt.toISOString() },
    run: executedRun(run),
    task: {
      id: run.taskId,
      filePath: run.filePath,
      ...(run.exportName === null ? {} : { exportName: run.exportName }),
    },
    queue: { id: toPublicId("queue", run.queueId), name: run.queueName },
    environment: { id: toPublicId("env", environment.id), slug: environment.slug, type: environment.type },
    organization: { id: "org_default", slug: "default", name: "default" },
    project: { id: toPublicId("proj", project.id), ref: project.ref, slug: project.ref, name: project.name },
    machine: machineOf(run.machine),
    ...(run.batchId === null ? {} : { batch: { id: toPublicId("batch", run.batchId) } }),
  };
}

function executedRun(run: RunExecution): Execution["run"] {
  return {
    id: toPublicId("run", run.runId),
    payload: run.payload ?? "",
    payloadType: run.payloadType,
    tags: [...run.tags],
    createdAt: run.createdAt.toISOString(),
    startedAt: run.startedAt.toISOString(),
    isTest: run.isTest,
    isReplay: run.isReplay,
    version: run.versionLabel,
    maxAttempts: run.maxAttempts,
    durationMs: 0,
    costInCents: 0,
    baseCostInCents: 0,
    priority: run.priorityS,
    traceContext: { traceparent: traceparentOf(run) },
    // Readers of input streams ask for it; how each stream is written is answered stream by stream.
    realtimeStreamsVersion: "v2",
    ...(run.metadata === null ? {} : { metadata: JSON.parse(run.metadata) as Record<string, unknown> }), // stored as an object
    ...(run.maxDurationS === null ? {} : { maxDuration: run.maxDurationS }),
    ...(run.idempotencyKey === null ? {} : { idempotencyKey: run.idempotencyKey }),
    ...(run.idempotencyKeyScope === null ? {} : { idempotencyKeyScope: run.idempotencyKeyScope }),
    ...(run.concurrencyKey === "" ? {} : { concurrencyKey: run.concurrencyKey }),
    ...(run.parentRunId === null ? {} : { parentTaskRunId: toPublicId("run", run.parentRunId) }),
    ...(run.rootRunId === null ? {} : { rootTaskRunId: toPublicId("run", run.rootRunId) }),
  };
}

/** Of the trace that the run was given when it was triggered; the span is that of the attempt. */
function traceparentOf({ traceId, runId, attempt }: RunExecution): string {
  const spanId = `${attempt.toString(16).padStart(4, "0")}${runId.slice(-12)}`;
  return `00-${traceId}-${spanId}-01`;
}
