import type { CatchUp, Overlap } from "@pawl/contract/schedule";

// What the engine needs of the store for schedules. Fires are computed in the engine; times are the store's.

/** When a schedule fires, and how. */
export interface ScheduleRule {
  readonly taskId: string;
  readonly cron: string;
  readonly timezone: string;
  readonly window: string | null;
  readonly externalId: string | null;
  readonly catchUp: CatchUp;
  readonly overlap: Overlap;
}

/** A schedule as it stands. */
export interface ScheduleRecord extends ScheduleRule {
  readonly id: string;
  readonly environmentId: string;
  readonly type: "declarative" | "imperative";
  readonly deduplicationKey: string | null;
  readonly isActive: boolean;
  /** The nominal time of the next fire; null: there is none, or it is not active. */
  readonly nextAt: Date | null;
  /** The last nominal time that was fired: one that was passed by is left out, so that the next run knows how far the last one came. */
  readonly lastAt: Date | null;
}

/** A rule with the nominal time of its next fire. */
export type PlannedSchedule = ScheduleRule & { readonly nextAt: Date | null };

/** Why a schedule can't be. */
export interface ScheduleRefusal {
  readonly kind: "refused";
  readonly field: "cron" | "timezone" | "window" | "task";
  /** In a sentence. */
  readonly reason: string;
}

/** What is wrong with the schedule that a task's code declares. */
export interface RefusedDeclaration extends Omit<ScheduleRefusal, "kind"> {
  readonly taskId: string;
  /** Where the task is written. */
  readonly filePath: string;
}

/** What making or changing a schedule came to. */
export type ScheduleOutcome =
  | { readonly kind: "schedule"; readonly schedule: ScheduleRecord }
  | ScheduleRefusal
  | { readonly kind: "not_found" }
  /** Its code says how it is: only that can be changed. */
  | { readonly kind: "declared"; readonly taskId: string };

/** What removing a schedule came to. */
export type RemoveScheduleOutcome = "removed" | "not_found" | { readonly kind: "declared"; readonly taskId: string };

/** A schedule that this server has taken, with the token that proves it. */
export interface TakenSchedule extends ScheduleRecord {
  /** Changes with everything that is done to the schedule's next fire. */
  readonly takenUntil: Date;
}

/** What is due, taken by this server for a while. */
export interface TakenSchedules {
  /** The store's now. */
  readonly now: Date;
  /** Whether there may be more. */
  readonly hasMore: boolean;
  readonly schedules: readonly TakenSchedule[];
}

/** Where a taken schedule goes on. */
export interface ScheduleMove {
  readonly environmentId: string;
  readonly id: string;
  readonly takenUntil: Date;
  readonly nextAt: Date | null;
  /** When a server has to look at it: at its next fire, shifted by its window. */
  readonly dueAt: Date | null;
  readonly lastAt: Date | null;
}

/** Schedules as they stand. */
export interface ScheduleReader {
  retrieve(environmentId: string, id: string): Promise<ScheduleRecord | null>;
  /** Newest first. */
  list(
    environmentId: string,
    page: { readonly offset: number; readonly size: number },
  ): Promise<{ readonly schedules: readonly ScheduleRecord[]; readonly count: number }>;
}

/** Schedules, in the environment that owns them. */
export interface ScheduleStore extends ScheduleReader {
  /** The store's now: what the next fire is computed from. */
  now(): Promise<Date>;
  /** Whether the current version has the task, and whether it is one for schedules. */
  taskStanding(environmentId: string, taskId: string): Promise<"scheduled" | "other" | "unknown">;
  /** Makes a schedule, or changes the one with the same key; its next fire stays when expression and zone do. */
  upsert(
    environmentId: string,
    schedule: PlannedSchedule & { readonly id: string; readonly deduplicationKey: string },
  ): Promise<ScheduleRecord>;
  /** Changes an imperative schedule, as {@link ScheduleStore.upsert} does. Null: there is none. */
  update(environmentId: string, id: string, schedule: PlannedSchedule): Promise<ScheduleRecord | null>;
  /** Null: there is no such schedule. What was missed while it was not active is not made up for. */
  setActive(environmentId: string, id: string, isActive: boolean, nextAt: Date | null): Promise<ScheduleRecord | null>;
  /** Removes an imperative schedule; answers whether there was one. */
  remove(environmentId: string, id: string): Promise<boolean>;
  /**
   * Takes schedules that are due and can fire, at most a page: the current version has their task, and where the environment is
   * one of development, a host is connected. Nobody else takes them for some seconds. Those that can't fire are set aside.
   */
  takeDue(): Promise<TakenSchedules>;
  /** Looks again at schedules that were set aside, of one environment or of all; answers whether any can fire now. */
  revive(environmentId: string | null): Promise<boolean>;
  /** In how many milliseconds the next one is due; null: never. */
  nextDueInMs(): Promise<number | null>;
  /** Moves taken schedules on, unless somebody has taken or changed them since. */
  advance(moves: readonly ScheduleMove[]): Promise<void>;
  /** The unfinished runs of schedules, by the schedules' ids, without those of fires from the named time on. */
  unfinishedRuns(
    environmentId: string,
    schedules: readonly { readonly id: string; readonly before: Date }[],
  ): Promise<ReadonlyMap<string, readonly string[]>>;
}
