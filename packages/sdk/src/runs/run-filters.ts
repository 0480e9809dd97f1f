import type { PublicStatus } from "@pawl/contract/run-state";
import type { OptionNames } from "../options/option-names.ts";
import type { MachinePreset } from "../tasks/task-types.ts";

/** A queue by its name, where a task's own is `task/<id>`; or by its type and its name. */
export type QueueFilter = string | { readonly type: "task" | "custom"; readonly name: string };

/** Which runs are meant. Of several values in one field any may match; the fields must all match. */
export interface RunFilters {
  readonly status?: PublicStatus | readonly PublicStatus[];
  readonly taskIdentifier?: string | readonly string[];
  /** The version that the run executes with, such as `20250228.1`. */
  readonly version?: string | readonly string[];
  /** Runs with any of the tags. */
  readonly tag?: string | readonly string[];
  /** `task/<id>` for a task's own queue. */
  readonly queue?: QueueFilter | readonly QueueFilter[];
  readonly machine?: MachinePreset | readonly MachinePreset[];
  readonly region?: string | readonly string[];
  /** `batch_…` */
  readonly batch?: string;
  /** `sched_…`: the runs that a schedule has made. */
  readonly schedule?: string;
  /** `bulk_…`: the runs that a bulk action has cancelled or made. */
  readonly bulkAction?: string;
  readonly isTest?: boolean;
  /** Made at or after this time; a number counts milliseconds since 1970. */
  readonly from?: Date | number;
  /** Made before or at this time. */
  readonly to?: Date | number;
  /** Made in the last such time, as in `7d`. */
  readonly period?: string;
}

/** The names of the filters. */
export const filterNames: OptionNames<RunFilters> = {
  status: true,
  taskIdentifier: true,
  version: true,
  tag: true,
  queue: true,
  machine: true,
  region: true,
  batch: true,
  schedule: true,
  bulkAction: true,
  isTest: true,
  from: true,
  to: true,
  period: true,
};

/**
 * Writes queues as the API names them.
 *
 * @param queue - one or several
 * @returns their names
 * @example
 * ```ts
 * queueNames({ type: "task", name: "hello" }); // ["task/hello"]
 * ```
 */
export function queueNames(queue: RunFilters["queue"]): readonly string[] | undefined {
  if (queue === undefined) return undefined;
  const queues: readonly QueueFilter[] = Array.isArray(queue) ? queue : [queue as QueueFilter]; // no array is readonly to isArray
  return queues.map((one) => {
    if (typeof one === "string") return one;
    return one.type === "task" ? `task/${one.name}` : one.name;
  });
}
