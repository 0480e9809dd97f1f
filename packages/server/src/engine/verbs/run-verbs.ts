import { newUuid } from "@pawl/contract/ids";
import type { Engine } from "../engine.ts";
import { cancel } from "../run/cancel.ts";
import { newRun } from "../run/new-run.ts";
import type { EngineParts } from "./engine-parts.ts";

/** The verbs of runs and batches. */
export type RunVerbs = Pick<
  Engine,
  | "trigger"
  | "triggerMany"
  | "createBatch"
  | "failBatchItems"
  | "sealBatch"
  | "cancel"
  | "replay"
  | "reschedule"
  | "resetIdempotencyKey"
>;

/**
 * Makes the verbs of runs and batches.
 *
 * @param parts - what they work with
 * @returns the verbs
 */
export function runVerbs({ settings, dispatchers, services, triggers }: EngineParts): RunVerbs {
  const { runs, batches } = settings;

  return {
    trigger: (request) => triggers.add(newRun(request)),
    triggerMany: (requests) => triggers.addAll(requests.map(newRun)),
    createBatch: (batch) => batches.create({ ...batch, id: newUuid() }),
    failBatchItems: (environmentId, batchId, items) => batches.failItems(environmentId, batchId, items),
    async sealBatch(environmentId, batchId) {
      if (await batches.seal(environmentId, batchId)) dispatchers.freed(environmentId);
    },
    cancel: (environmentId, runId) =>
      cancel(runs, environmentId, runId, (outcome) => services.onCanceled(environmentId, outcome)),
    async replay(environmentId, runId, overrides) {
      const source = await runs.readForReplay(environmentId, runId);
      if (source === null) return { kind: "not_found" };
      return triggers.add(newRun({ ...source, ...overrides, environmentId, replayOf: runId }));
    },
    async reschedule(environmentId, runId, delay) {
      const outcome = await runs.reschedule(environmentId, runId, delay);
      if (outcome === "rescheduled") services.dueRuns.expect(0); // the store knows how soon that is, by its own clock
      return outcome;
    },
    resetIdempotencyKey: (environmentId, taskId, key) => runs.resetIdempotencyKey(environmentId, taskId, key),
  };
}
