import type { Statement } from "../db.ts";

/** How long a fire is remembered: longer than a server may need from the run of a fire to the schedule's next. */
const firesLife = "3 days";

/**
 * Forgets a page of fires that no server can come to again: the latest of each schedule stays, since the schedule may still stand
 * at it. Locks: the deleted rows.
 *
 * @param limit - how many at most
 * @returns the statement; it has a row for each
 */
export function forgetFires(limit: number): Statement {
  return {
    name: "schedule_fires_forget",
    text: `
      with old as (
        select f.environment_id, f.schedule_id, f.at from schedule_fire f
        where f.created_at < now() - interval '${firesLife}' and (
          exists (
            select from schedule_fire later
            where later.environment_id = f.environment_id and later.schedule_id = f.schedule_id and later.at > f.at
          )
          or not exists (select from schedule s where s.environment_id = f.environment_id and s.id = f.schedule_id)
        )
        order by f.created_at limit ${limit} for update of f skip locked
      )
      delete from schedule_fire f using old
      where f.environment_id = old.environment_id and f.schedule_id = old.schedule_id and f.at = old.at
      returning 1`,
    values: [],
  };
}
