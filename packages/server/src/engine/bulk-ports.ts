import type { ReplaySource } from "./ports.ts";
import type { RunFilter } from "./read-ports.ts";

// What the engine needs of the store for bulk actions.

/** What is done to the runs of a bulk action. */
export type BulkActionKind = "cancel" | "replay";

/** Which runs a bulk action is about: those that match (every one, for a filter without a field), or those that are named. */
export type BulkSelection = { readonly filter: RunFilter } | { readonly runIds: readonly string[] };

/** A bulk action about to be made. */
export interface NewBulkAction {
  readonly environmentId: string;
  readonly id: string;
  readonly action: BulkActionKind;
  readonly name: string | null;
  readonly selection: BulkSelection;
  /** Where new runs execute; null: where those that they repeat did. */
  readonly targetRegion: string | null;
  /** Whether `onCancel` is called for runs that it cancels and that have no process; default: no. */
  readonly runsHooks?: boolean;
  /** Makes the call safe to repeat: an equal key finds the action that the first made. */
  readonly requestKey: string | null;
}

/** A bulk action as it stands, for the API. */
export interface BulkActionRecord {
  readonly id: string;
  readonly action: BulkActionKind;
  readonly name: string | null;
  readonly status: "PENDING" | "COMPLETED" | "ABORTED";
  readonly total: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly createdAt: Date;
  readonly completedAt: Date | null;
}

/** A page of bulk actions, newest first. */
export interface BulkActionPage {
  readonly actions: readonly BulkActionRecord[];
  readonly hasNext: boolean;
  readonly hasPrevious: boolean;
}

/** A bulk action that this server goes on with for a while. */
export interface TakenBulkAction {
  readonly environmentId: string;
  readonly id: string;
  readonly action: BulkActionKind;
  readonly targetRegion: string | null;
  readonly runsHooks: boolean;
  /** Null where its runs were named. */
  readonly filter: RunFilter | null;
  /** Runs with a higher id were made after it. */
  readonly lastRunId: string;
  /** Whether all of its runs have been chosen. */
  readonly isChosen: boolean;
  /** The last run that was looked at; null before the first. */
  readonly cursor: string | null;
}

/** A run of a bulk action to do something to. */
export interface BulkRun {
  readonly runId: string;
  /** The id of the run that a replay makes; null for a cancellation. */
  readonly newRunId: string | null;
}

/** The next runs of a bulk action, in the order of their ids. */
export interface BulkRunPage {
  readonly runs: readonly BulkRun[];
  /** Whether there are none after them. */
  readonly isLast: boolean;
}

/** What became of a run of a bulk action. */
export interface BulkRunResult extends BulkRun {
  /** Why nothing was done; null where it was. */
  readonly error: string | null;
}

/** What a run of a replay starts from. */
export interface BulkReplay extends BulkRun {
  readonly newRunId: string;
  /** `made`: a server that was interrupted has made the new run; null: there is no such run. */
  readonly source: ReplaySource | "made" | null;
}

/** Bulk actions, in the environment that owns them. */
export interface BulkActionStore {
  /** Answers the id: another one than asked for where an action with the same request key exists. */
  create(action: NewBulkAction): Promise<string>;
  retrieve(environmentId: string, id: string): Promise<BulkActionRecord | null>;
  list(
    environmentId: string,
    page: {
      readonly cursor: { readonly direction: "after" | "before"; readonly id: string } | null;
      readonly size: number;
    },
  ): Promise<BulkActionPage>;
  /** Ends an action that is not over; what it has done stays. Answers whether there is such an action. */
  abort(environmentId: string, id: string): Promise<boolean>;
  /** How many runs an action would be about now. It stops counting after some seconds, or at a million. */
  count(
    environmentId: string,
    action: BulkActionKind,
    selection: BulkSelection,
  ): Promise<{ readonly count: number; readonly isExact: boolean }>;
  /**
   * Takes the action that has waited longest, so that no other server goes on with it for some seconds; each step that follows lets
   * it go again. `nextDueInMs`: when nothing is to be taken, in how many milliseconds there may be; null: never.
   */
  takeDue(): Promise<{ readonly taken: TakenBulkAction | null; readonly nextDueInMs: number | null }>;
  /** Keeps an action that was taken for some more seconds. */
  keep(taken: TakenBulkAction): Promise<void>;
  /** Looks through the next runs and chooses those that match. Does nothing where another server has done so. */
  choose(taken: TakenBulkAction): Promise<void>;
  /** The runs to do something to next. A page that was not finished comes again as it was, with the same new ids. */
  nextPage(taken: TakenBulkAction): Promise<BulkRunPage>;
  /** What replays start from: the first of these runs, as many as fit into memory together, at least one. */
  replaySources(environmentId: string, runs: readonly BulkRun[]): Promise<readonly BulkReplay[]>;
  /** Notes what became of a page. Does nothing where another server has done so. */
  finishPage(taken: TakenBulkAction, page: BulkRunPage, results: readonly BulkRunResult[]): Promise<void>;
}
