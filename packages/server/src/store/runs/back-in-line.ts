/**
 * What is set on a row of `live_run l` that goes back to where it stood: it is queued there. One that has not begun forgets its version,
 * unless its trigger named it; it waits for a version where the current one lacks its task, as those do that were queued when that came.
 * The run row is looked up once.
 *
 * @param isUntouched - whether the row has never begun; SQL
 * @returns the assignments of state, order_at, version_id and claimed_order_at
 */
export function backInLine(isUntouched: string): string {
  return `
  (state, order_at, version_id) = (
    select case when s.is_stranded then 'pending_version' else 'queued' end,
           case when not s.is_stranded then coalesce(l.claimed_order_at, now()) end,
           case when not s.forgets then l.version_id end
    from (
      select f.forgets, f.forgets and not exists (
               select from version v join task t on t.environment_id = v.environment_id and t.version_id = v.id and t.id = l.task_id
               where v.environment_id = l.environment_id and v.is_current
             ) as is_stranded
      from (
        select case when ${isUntouched} then not (
          select r.is_version_locked from run r where r.environment_id = l.environment_id and r.id = l.run_id
        ) else false end as forgets offset 0
      ) f offset 0
    ) s
  ), claimed_order_at = null`;
}
