import { newUuid } from "@pawl/contract/ids";
import type { PlannedSchedule } from "../../engine/schedule-ports.ts";
import type { Statement } from "../db.ts";
import { changedRule } from "./change-schedule.ts";
import { hasTask } from "./take-due.ts";

/**
 * Makes the declared schedules of an environment those of the version that has just become current: removes what it does not declare,
 * makes and changes what it does, and lets those schedules fire, imperative ones too, whose task it has. Comes after the environment's
 * lock and the version's tasks. Locks: the schedules that change, by their ids, as who moves them on does.
 *
 * @param environmentId - the environment
 * @param schedules - what the version declares there, one for each task
 * @returns the statements
 */
export function syncDeclared(environmentId: string, schedules: readonly PlannedSchedule[]): readonly Statement[] {
  return [
    lockChanging(environmentId),
    removeUndeclared(environmentId, schedules),
    ...(schedules.length === 0 ? [] : [upsertDeclared(environmentId, schedules)]),
    followTasks(environmentId),
  ];
}

function lockChanging(environmentId: string): Statement {
  return {
    name: "schedules_lock_changing",
    text: `
      select from schedule s
      where s.environment_id = $1::uuid and (s.type = 'declarative' or ${followsTask})
      order by s.id for update`,
    values: [environmentId],
  };
}

function removeUndeclared(environmentId: string, schedules: readonly PlannedSchedule[]): Statement {
  return {
    name: "schedules_remove_undeclared",
    text: `delete from schedule where environment_id = $1::uuid and type = 'declarative' and task_id <> all ($2::text[])`,
    values: [environmentId, schedules.map((schedule) => schedule.taskId)],
  };
}

/** Whether one is active is not its code's to say. */
function upsertDeclared(environmentId: string, schedules: readonly PlannedSchedule[]): Statement {
  const rows = schedules.map((schedule) => ({ ...schedule, id: newUuid() }));
  return {
    name: "schedules_upsert_declared",
    text: `
      insert into schedule as s (environment_id, id, type, task_id, cron, timezone, fire_window, external_id, catch_up, overlap,
                                 next_at, due_at)
      select $1::uuid, d.id, 'declarative', d."taskId", d.cron, d.timezone, d.window, d."externalId", d."catchUp", d.overlap,
             d."nextAt", d."nextAt"
      from json_to_recordset($2::json) as d(
        id uuid, "taskId" text, cron text, timezone text, "window" text, "externalId" text, "catchUp" text, overlap text,
        "nextAt" timestamptz)
      order by d."taskId"
      on conflict (environment_id, task_id) where type = 'declarative' do update
      set ${changedRule("s", "excluded")}`,
    values: [environmentId, JSON.stringify(rows)],
  };
}

/** Whether a schedule called `s` can fire and has no task any more, or the other way round. */
const followsTask = `s.is_active and s.next_at is not null and (s.due_at is null) = ${hasTask}`;

/** Sets aside the schedules whose task is gone, and brings back those whose task has come. */
function followTasks(environmentId: string): Statement {
  return {
    name: "schedules_follow_tasks",
    text: `
      update schedule s
      set due_at = case when s.due_at is null then s.next_at end
      where s.environment_id = $1::uuid and ${followsTask}`,
    values: [environmentId],
  };
}
