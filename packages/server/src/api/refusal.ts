import type { TriggerRefusal } from "../engine/ports.ts";
import { refusalOf } from "../engine/run/refusal.ts";
import { ApiError } from "./errors.ts";

/**
 * Says why a run or a batch was not made.
 *
 * @param reason - the engine's reason
 * @param prefix - goes before the names of fields, such as `options.`
 * @param versionField - what the caller calls the version
 * @returns the error to answer with
 */
export function refusalError(reason: TriggerRefusal, prefix: string, versionField = "lockToVersion"): ApiError {
  const { code, message } = refusalOf(reason);
  const field = {
    unknown_version: versionField,
    parent_finished: "parentRunId",
    lost_claim: "parentFence",
  }[reason.kind];
  return new ApiError(code, `${prefix}${field}: ${message}`, `${prefix}${field}`);
}
