/** How a run that was waited for ended: with an output, or with an error. */
export type TaskRunResult<TId extends string = string, TOutput = unknown> =
  | {
      readonly ok: true;
      /** `run_…` */
      readonly id: string;
      readonly taskIdentifier: TId;
      readonly output: TOutput;
    }
  | {
      readonly ok: false;
      /** `run_…`; empty for an item of a batch of which no run could be made. */
      readonly id: string;
      readonly taskIdentifier: TId;
      /** With the name, message and stack of what the run failed with. */
      readonly error: Error;
    };

/** What a batch that was waited for came to. */
export interface BatchResult<TRuns extends readonly TaskRunResult[]> {
  /** `batch_…` */
  readonly id: string;
  /** In the order of the items. */
  readonly runs: TRuns;
}
