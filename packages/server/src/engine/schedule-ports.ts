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

/** When a schedule fires next: nominally, and when a server has to look at it. Null: never. */
export interface NextFire {
  readonly nextAt: Date | null;
  readonly dueAt: Date | null;
}

/** A schedule as it stands. */
export interface ScheduleRecord extends ScheduleRule, NextFire {
  readonly id: string;
  readonly environmentId: string;
  readonly type: "declarative" | "imperative";
  readonly deduplicationKey: string | null;
  readonly isActive: boolean;
  /** The last nominal time that was fired or skipped. */
  readonly lastAt: Date | null;
}

/** A schedule that the current version of an environment declares. */
export type PlannedSchedule = ScheduleRule & NextFire;

/** What is due, taken by this server for a while. */
export interface TakenSchedules {
  /** The store's now. */
  readonly now: Date;
  readonly schedules: readonly ScheduleRecord[];
}

/** Schedules, in the environment that owns them. */
export interface ScheduleStore {
  /** The store's now: what the next fire is computed from. */
  now(): Promise<Date>;
  /** Whether the current version has the task, and whether it is one for schedules. */
  taskStanding(environmentId: string, taskId: string): Promise<"scheduled" | "other" | "unknown">;
  /** Makes a schedule, or changes the one with the same key; its next fire stays when expression and zone do. */
  upsert(
    environmentId: string,
    schedule: ScheduleRule & NextFire & { readonly id: string; readonly deduplicationKey: string },
  ): Promise<ScheduleRecord>;
  update(environmentId: string, id: string, rule: ScheduleRule & NextFire): Promise<ScheduleRecord | null>;
  /** Null: there is no such schedule. What was missed while it was not active is not made up for. */
  setActive(environmentId: string, id: string, isActive: boolean, next: NextFire): Promise<ScheduleRecord | null>;
  remove(environmentId: string, id: string): Promise<boolean>;
  retrieve(environmentId: string, id: string): Promise<ScheduleRecord | null>;
  list(
    environmentId: string,
    page: { readonly offset: number; readonly size: number },
  ): Promise<{ readonly schedules: readonly ScheduleRecord[]; readonly count: number }>;
  /**
   * Takes schedules that are due and can fire, at most a page: the current version has their task, and where the environment is
   * one of development, a host is connected. Nobody else takes them for some seconds.
   */
  takeDue(): Promise<TakenSchedules>;
  /** In how many milliseconds the next one that can fire is due; null: never. */
  nextDueInMs(): Promise<number | null>;
  /** Moves taken schedules on, unless somebody has changed them since. */
  advance(
    moves: readonly (NextFire & {
      readonly environmentId: string;
      readonly id: string;
      /** As it was taken. */
      readonly expectedNextAt: Date | null;
      readonly lastAt: Date | null;
    })[],
  ): Promise<void>;
  /** The unfinished runs of earlier fires of schedules, by the schedules' ids. */
  unfinishedRuns(
    environmentId: string,
    scheduleIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly string[]>>;
}
