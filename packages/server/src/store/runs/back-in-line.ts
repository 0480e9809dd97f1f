/**
 * What is set on a row of `live_run l` that goes back to where it stood: it is queued there. One that forgets its version, which the
 * current one may replace, waits for a version where that lacks its task, as those do that were queued when it came.
 *
 * @param forgets - whether the row has not begun and may execute with any version; SQL
 * @returns the assignments of state, order_at and claimed_order_at
 */
export function backInLine(forgets: string): string {
  const hasNoVersion = `(${forgets}) and not exists (
    select from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id and t.id = l.task_id
    where v.environment_id = l.environment_id and v.is_current)`;
  return `
  state = case when ${hasNoVersion} then 'pending_version' else 'queued' end,
  order_at = case when ${hasNoVersion} then null else coalesce(l.claimed_order_at, now()) end, claimed_order_at = null`;
}

/** Whether the trigger of a row of `live_run l` named a version. */
export const isVersionLocked = `
  (select r.is_version_locked from run r where r.environment_id = l.environment_id and r.id = l.run_id)`;
