import type { RunError } from "@pawl/contract/errors";
import { runErrorSchema } from "@pawl/contract/run-error-schema";
import { z } from "zod";
import type { ClaimedRun } from "../../engine/ports.ts";

/** What `makeHookRuns` writes of the run that has ended. */
const aboutSchema = z.object({
  kind: z.enum(["onFailure", "onCancel"]),
  runId: z.string(),
  attempt: z.int(),
  error: z.string().transform((text): RunError => runErrorSchema.parse(JSON.parse(text))),
  createdAt: z.coerce.date(),
  startedAt: z.coerce.date().optional(),
  tags: z.array(z.string()),
  isReplay: z.boolean(),
  parentRunId: z.string().optional(),
  rootRunId: z.string().optional(),
  batchId: z.string().optional(),
  priorityS: z.number(),
  idempotencyKey: z.string().optional(),
  idempotencyKeyScope: z.enum(["run", "attempt", "global"]).optional(),
  metadata: z.string().optional(),
});

/**
 * Makes of a run that calls the hook of another one what its process is told: the hook sees the run that has ended.
 *
 * @param run - the run as it was claimed
 * @param about - its column `hook`
 * @returns the run
 */
export function hookedRun(run: ClaimedRun, about: string): ClaimedRun {
  const ended = aboutSchema.parse(JSON.parse(about));
  const { kind, runId, attempt, error, startedAt = null } = ended;
  return {
    ...run,
    createdAt: ended.createdAt,
    tags: ended.tags,
    isReplay: ended.isReplay,
    parentRunId: ended.parentRunId ?? null,
    rootRunId: ended.rootRunId ?? null,
    batchId: ended.batchId ?? null,
    priorityS: ended.priorityS,
    idempotencyKey: ended.idempotencyKey ?? null,
    idempotencyKeyScope: ended.idempotencyKeyScope ?? null,
    metadata: ended.metadata ?? null,
    hook: { kind, runId, attempt, error, startedAt },
  };
}
