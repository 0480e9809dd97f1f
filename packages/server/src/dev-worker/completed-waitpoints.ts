import type { CompletedWaitpoint } from "@pawl/contract/api/dev-runs";
import { toPublicId } from "@pawl/contract/ids";
import type { ChildResult, WaitResult } from "@pawl/contract/worker-protocol";
import type { PolledRunReader, WaitOver } from "../engine/polled-run-ports.ts";
import type { Claim } from "../engine/ports.ts";
import type { WaitStore } from "../engine/wait-ports.ts";

/** What results of waits are read from. */
export interface WaitSources {
  readonly polledRuns: Pick<PolledRunReader, "waitsOver">;
  readonly waits: Pick<WaitStore, "results">;
}

/**
 * Reads what the awaited waits of a run came to.
 *
 * @param sources - where
 * @param environmentId - the environment of the run
 * @param hostId - the host that must hold it
 * @param claim - the claim
 * @returns one for each time, token and run, and for a batch one for each of its items; those that are over
 */
export async function completedWaitpoints(
  { polledRuns, waits }: WaitSources,
  environmentId: string,
  hostId: string,
  claim: Claim,
): Promise<readonly CompletedWaitpoint[]> {
  const over = await polledRuns.waitsOver(environmentId, claim.runId);
  if (over.length === 0) return [];
  const keys = over.map(({ key }) => key);
  const found = await waits.results(environmentId, hostId, claim, keys);
  const results = new Map(found?.waits.map(({ wait, result }) => [wait, result]));
  return over.flatMap((wait) => {
    const result = results.get(wait.key);
    return result === undefined ? [] : waitpointsOf(wait, result);
  });
}

function waitpointsOf(wait: WaitOver, result: WaitResult): readonly CompletedWaitpoint[] {
  const base = {
    ...named(toPublicId("waitpoint", wait.waitpointId)),
    completedAt: wait.completedAt.toISOString(),
    ...(wait.idempotencyKey === null ? {} : { idempotencyKey: wait.idempotencyKey }),
  };
  switch (result.kind) {
    case "time": {
      const after = wait.dueAt === null ? {} : { completedAfter: wait.dueAt.toISOString() };
      return [{ ...base, type: "DATETIME", outputIsError: false, ...after }];
    }
    case "token":
      return [{ ...base, type: "MANUAL", ...tokenOutput(result) }];
    case "run":
      return [
        { ...base, type: "RUN", ...childOutput(result.run), completedByTaskRun: named(childId(result.run, base.id)) },
      ];
    case "batch": {
      const batch = named(toPublicId("batch", result.batchId));
      const items = result.runs.map((run, index): CompletedWaitpoint => {
        const completedByTaskRun = { ...named(childId(run, `${batch.id}_${index}`)), batch };
        return { ...base, type: "RUN", index, ...childOutput(run), completedByTaskRun };
      });
      return [...items, { ...base, type: "BATCH", outputIsError: false, completedByBatch: batch }];
    }
  }
}

function named(id: string): { readonly id: string; readonly friendlyId: string } {
  return { id, friendlyId: id };
}

/** An item of a batch of which no run could be made has no id of its own. */
function childId({ runId }: ChildResult, otherwise: string): string {
  return runId === undefined ? otherwise : toPublicId("run", runId);
}

type Output = Pick<CompletedWaitpoint, "output" | "outputType" | "outputIsError">;

function childOutput({ ok, output, outputType, error }: ChildResult): Output {
  if (!ok) return { outputIsError: true, output: JSON.stringify(error), outputType: "application/json" };
  return {
    outputIsError: false,
    ...(output === undefined ? {} : { output }),
    ...(outputType === undefined ? {} : { outputType }),
  };
}

const timedOut = JSON.stringify({
  code: "TRIGGER_WAITPOINT_TIMEOUT",
  message: "Nobody completed the token before its time was over.",
});

function tokenOutput({ isTimeout, output, outputType }: Extract<WaitResult, { kind: "token" }>): Output {
  if (isTimeout) return { outputIsError: true, output: timedOut, outputType: "application/json" };
  return {
    outputIsError: false,
    ...(output === undefined ? {} : { output }),
    ...(outputType === undefined ? {} : { outputType }),
  };
}
