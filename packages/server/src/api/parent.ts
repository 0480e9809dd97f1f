import { createHash } from "node:crypto";
import { fromPublicId, newUuid } from "@pawl/contract/ids";
import type { NewRunParent } from "../engine/ports.ts";
import type { RunReader } from "../engine/read-ports.ts";
import { ApiError } from "./errors.ts";
import { refusalError } from "./refusal.ts";
import { refuseNul } from "./validation.ts";

/** What a call says of the run that makes it. */
export interface ParentOptions {
  readonly parentRunId?: string | undefined;
  readonly parentFence?: number | undefined;
  readonly resumeParentOnCompletion?: boolean | undefined;
  readonly parentWait?: string | undefined;
}

/**
 * Reads who makes a run or a batch, and whether it waits for it.
 *
 * @param runs - finds the claim of a parent that names its fence
 * @param environmentId - where the parent is
 * @param options - the fields of the call
 * @param prefix - goes before the names of fields, such as `options.`
 * @param requestKey - is the same when the call is repeated; null: it has none
 * @returns the parent; null without one
 * @throws ApiError that names the field which is wrong
 */
export async function parentOf(
  runs: Pick<RunReader, "claimOf">,
  environmentId: string,
  options: ParentOptions,
  prefix: string,
  requestKey: string | null,
): Promise<NewRunParent | null> {
  if (options.parentRunId === undefined) {
    if (options.resumeParentOnCompletion !== true) return null;
    const field = `${prefix}parentRunId`;
    throw new ApiError("invalid_request", `${field}: is missing, and resumeParentOnCompletion needs it.`, field);
  }
  const runId = fromPublicId("run", options.parentRunId);
  if (runId === null) throw refusalError({ kind: "parent_finished" }, prefix);
  if (options.parentWait !== undefined) refuseNul(options.parentWait, `${prefix}parentWait`);
  const wait = options.resumeParentOnCompletion === true ? (options.parentWait ?? waitOfCall(requestKey)) : null;
  if (options.parentFence === undefined) return { runId, claim: null, wait };
  const claim = await runs.claimOf(environmentId, runId);
  if (claim === null || claim.fence !== options.parentFence) throw refusalError({ kind: "lost_claim" }, prefix);
  return { runId, claim, wait };
}

/** A caller that has no keys for its waits arrives at no wait again, but with the same call: any other one will do. */
function waitOfCall(requestKey: string | null): string {
  return `api#${requestKey === null ? newUuid() : createHash("sha256").update(requestKey).digest("hex").slice(0, 32)}`;
}
