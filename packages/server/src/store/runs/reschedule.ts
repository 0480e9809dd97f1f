import type { Delay } from "@pawl/contract/api/trigger";
import type { Database } from "../db.ts";

/**
 * Gives a delayed run that has not started another time; its time to live counts from then, and later triggers with its debounce
 * key no longer push it. Locks: the live row, then the run row and the key.
 *
 * @param db - the database
 * @param environmentId - the environment of the run
 * @param runId - the run
 * @param delay - so long from now, or a date
 * @returns what became of it
 */
export async function reschedule(
  db: Database,
  environmentId: string,
  runId: string,
  delay: Delay,
): Promise<"rescheduled" | "not_delayed" | "not_found"> {
  const [changed = [], found = []] = await db.transaction([
    {
      name: "runs_reschedule",
      text: `
        with moved as (
          update live_run l
          set due_at = coalesce($4::timestamptz, now() + $3::float8 * interval '1 millisecond'),
              expires_at = l.expires_at - l.due_at + coalesce($4::timestamptz, now() + $3::float8 * interval '1 millisecond')
          where l.environment_id = $1::uuid and l.run_id = $2::uuid and l.state = 'delayed' and l.attempt = 0
          returning l.run_id, l.due_at
        ),
        dated as (
          update run r set delay_until = m.due_at from moved m
          where r.environment_id = $1::uuid and r.id = m.run_id and r.id = $2::uuid
          returning r.id, r.task_id, r.debounce_key
        ),
        freed as (
          delete from debounce d using dated r
          where d.environment_id = $1::uuid and d.task_id = r.task_id and d.key = r.debounce_key and d.run_id = r.id
        )
        select id from dated`,
      values: [
        environmentId,
        runId,
        "afterMs" in delay ? delay.afterMs : null,
        "at" in delay ? delay.at.toISOString() : null,
      ],
    },
    {
      name: "runs_exists",
      text: "select from run where environment_id = $1::uuid and id = $2::uuid",
      values: [environmentId, runId],
    },
  ]);
  if (changed.length > 0) return "rescheduled";
  return found.length > 0 ? "not_delayed" : "not_found";
}
