/** Which runs are meant: they have to match every field that is not empty, and any of a field's values. */
export interface RunFilter {
  readonly statuses?: readonly string[] | undefined;
  readonly taskIds?: readonly string[] | undefined;
  /** `task/<id>` for a task's own queue, otherwise the queue's name. */
  readonly queues?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  /** Labels. */
  readonly versions?: readonly string[] | undefined;
  /** `sched_…` */
  readonly schedule?: string | undefined;
  /** `batch_…` */
  readonly batch?: string | undefined;
  /** `bulk_…`: the runs that it has cancelled or made. */
  readonly bulkAction?: string | undefined;
  /** Made at most so long ago, such as `7d`. */
  readonly period?: string | undefined;
  /** Made then or later. */
  readonly from?: Date | undefined;
  readonly to?: Date | undefined;
}

/**
 * Whether a filter says nothing.
 *
 * @param filter - which runs
 * @returns true when every run matches it
 */
export function isEmptyFilter(filter: RunFilter): boolean {
  return Object.values(filter).every((value) => value === undefined);
}

/**
 * A filter as the query of a list.
 *
 * @param filter - which runs
 * @returns the parameters; none for a filter without fields
 */
export function toRunQuery(filter: RunFilter): URLSearchParams {
  const query = new URLSearchParams();
  const set = (name: string, value: string | readonly string[] | undefined) => {
    if (value !== undefined && value.length > 0) query.set(name, typeof value === "string" ? value : value.join(","));
  };
  set("filter[status]", filter.statuses);
  set("filter[taskIdentifier]", filter.taskIds);
  set("filter[queue]", filter.queues);
  set("filter[tag]", filter.tags);
  set("filter[version]", filter.versions);
  set("filter[schedule]", filter.schedule);
  set("filter[batch]", filter.batch);
  set("filter[bulkAction]", filter.bulkAction);
  set("filter[createdAt][period]", filter.period);
  set("filter[createdAt][from]", filter.from?.toISOString());
  set("filter[createdAt][to]", filter.to?.toISOString());
  return query;
}

/**
 * A filter as the body of a bulk action has it.
 *
 * @param filter - which runs
 * @returns the fields that say something; none for a filter without fields
 */
export function toBulkFilter(filter: RunFilter): Readonly<Record<string, unknown>> {
  const fields = {
    status: filter.statuses,
    taskIdentifier: filter.taskIds,
    queue: filter.queues,
    tag: filter.tags,
    version: filter.versions,
    schedule: filter.schedule,
    batch: filter.batch,
    bulkAction: filter.bulkAction,
    period: filter.period,
    from: filter.from?.toISOString(),
    to: filter.to?.toISOString(),
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value.length > 0));
}
