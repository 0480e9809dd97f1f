import type { ApiErrorCode } from "@pawl/contract/errors";
import type { TriggerRefusal } from "../ports.ts";

/** Why something was refused, in the words of the API. */
export interface Refusal {
  readonly code: ApiErrorCode;
  /** A sentence: what happened and what to do. */
  readonly message: string;
  /** The field at fault, without the prefix of where it stands. */
  readonly field?: string;
}

/** The refusal of whatever a run asks that has lost its claim. */
export const lostClaim: Refusal = {
  code: "lost_claim",
  message:
    "This attempt of the run has lost its claim: the run has ended, or its host was lost and another attempt runs.",
};

/**
 * Says why a run or a batch was not made.
 *
 * @param reason - the store's reason
 * @returns it in the words of the API
 */
export function refusalOf(reason: TriggerRefusal): Refusal {
  switch (reason.kind) {
    case "lost_claim":
      return lostClaim;
    case "parent_finished":
      return {
        code: "unprocessable",
        message: "The parent run has finished or does not exist: a run that has ended makes no more runs.",
        field: "options.parentRunId",
      };
    case "unknown_version":
      return {
        code: "unprocessable",
        message: `Version ${reason.label} does not exist in this environment: name one that is registered, or none.`,
        field: "options.lockToVersion",
      };
  }
}
