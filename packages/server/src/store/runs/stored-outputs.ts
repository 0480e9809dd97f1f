import type { RunError } from "@pawl/contract/errors";
import type { Completion, Failure, Settlement } from "../../engine/ports.ts";
import { createBlobStore } from "../blobs.ts";
import type { Database } from "../db.ts";

/**
 * Puts outputs that were sent ahead of their report in the place of their paths. A run whose output is not there any more fails: its host
 * took more than a day to tell of it.
 *
 * @param db - the database
 * @param settlement - what a host reported
 * @returns the settlement without paths; itself where it names none
 */
export async function withStoredOutputs(db: Database, settlement: Settlement): Promise<Settlement> {
  const { environmentId, completed, failed } = settlement;
  if (!completed.some(isStored)) return settlement;
  const blobs = createBlobStore(db);
  const found: Completion[] = [];
  const missing: Failure[] = [];
  for (const completion of completed) {
    if (!isStored(completion)) {
      found.push(completion);
      continue;
    }
    const blob = await blobs.get(environmentId, completion.output ?? "");
    if (blob === null) missing.push(lost(completion));
    else found.push({ ...completion, output: blob.text, outputType: blob.type });
  }
  return { ...settlement, completed: found, failed: [...failed, ...missing] };
}

function isStored({ outputType }: Completion): boolean {
  return outputType === "application/store";
}

function lost({ runId, fence, durationMs }: Completion): Failure {
  const message = "The output was stored, and is gone: its worker told of it more than a day later.";
  const error: RunError = { type: "INTERNAL_ERROR", code: "TASK_OUTPUT_ERROR", message };
  return { runId, fence, error, outcome: "failed", durationMs, retryDelayMs: null, isRetriedInPlace: false };
}
