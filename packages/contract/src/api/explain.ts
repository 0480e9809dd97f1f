/** A condition of the claim, as it holds or not for one run. */
export interface RunCondition {
  /** Such as `queue_not_paused`. */
  readonly name: string;
  readonly holds: boolean;
  /** One sentence with figures. */
  readonly detail: string;
}

/** The answer of `GET /api/v1/runs/:runId/explain`. */
export interface RunExplanation {
  /** Why the run does not execute, in one sentence; null when it executes or has finished. */
  readonly reason: string | null;
  /** In the order in which a claim judges them: the first that does not hold is the reason. */
  readonly conditions: readonly RunCondition[];
}
