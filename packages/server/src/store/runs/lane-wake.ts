/** What stands for "no version" where a version is part of a key: a run that executes with the version current at its start. */
export const anyVersion = "00000000-0000-0000-0000-000000000000";

/**
 * The insert that tells the next claim of runs that became queued: one row for each lane. It is part of the statement that
 * queues them, so that both commit together; nothing waits for it.
 *
 * @param source - a common table expression with environment_id, queue_name, concurrency_key, version_id and order_at of the queued runs;
 *   one without a place is none
 * @returns the SQL
 */
export function wakeLanesOf(source: string): string {
  return `
    insert into lane_wake (environment_id, queue_name, concurrency_key, version_id, order_at)
    select environment_id, queue_name, concurrency_key, coalesce(version_id, '${anyVersion}'::uuid), min(order_at)
    from ${source} where order_at is not null group by 1, 2, 3, 4`;
}

/**
 * The insert that tells the next claim of slots under a limit that came free, in any version's lane. A run that was about to
 * take its slot again (resuming) had kept others from starting too.
 *
 * @param source - a common table expression with environment_id, queue_name, concurrency_key, booked_at and is_limited of the
 *   runs as they were before they gave their slots back
 * @param hasFreed - which of them made way for others
 * @returns the SQL
 */
export function wakeFreedLanesOf(source: string, hasFreed = "booked_at is not null and is_limited"): string {
  return `
    insert into lane_wake (environment_id, queue_name, concurrency_key)
    select distinct environment_id, queue_name, concurrency_key from ${source} where ${hasFreed}`;
}

/**
 * The expression for the next place of a begun run that comes back: whether its queue executes one run of a key at a time, so that
 * the others of its key wait for it.
 *
 * @param run - alias of a row with environment_id, queue_name and is_limited
 * @returns the SQL
 */
export function isOrdered(run: string): string {
  return `(${run}.is_limited and coalesce((
    select least(coalesce(q.limit_override, q.concurrency_limit), q.combined_limit) <= 1 from queue q
    where q.environment_id = ${run}.environment_id and q.name = ${run}.queue_name), false))`;
}
