import { newUuid } from "@pawl/contract/ids";
import type { VersionManifest } from "@pawl/contract/task-manifest";
import type { VersionStore } from "../engine/ports.ts";
import type { Database, Statement } from "./db.ts";
import { upsertQueues } from "./declared-queues.ts";
import { lockEnvironment } from "./runs/claim.ts";
import { transactionAgain } from "./runs/contended.ts";
import { demoteOrphanedTasks } from "./runs/demote.ts";
import { limitHeldRunsOf, reopenLanesOf } from "./runs/lane-standing.ts";
import { syncDeclared } from "./schedules/declared-schedules.ts";

/**
 * Versions on Postgres.
 *
 * @param database - where
 * @returns the store
 */
export function createVersionStore(database: Database): VersionStore {
  return {
    async register(environmentId, manifest, schedules = []) {
      // Queue limits may change, so the claims of the environment wait; so does another registration, which counts labels.
      const queueNames = [...new Set(manifest.tasks.map((task) => task.queue.name))];
      const results = await transactionAgain(database, [
        lockEnvironment(environmentId),
        insertVersion(environmentId, manifest),
        retireOthers(environmentId, manifest.contentHash),
        makeCurrent(environmentId, manifest),
        removeTasks(environmentId, manifest.contentHash),
        insertTasks(environmentId, manifest),
        upsertQueues(environmentId, manifest.tasks),
        demoteOrphanedTasks(environmentId),
        ...syncDeclared(environmentId, schedules),
        reopenLanesOf(environmentId, queueNames),
        limitHeldRunsOf(environmentId, queueNames),
      ]);
      const row = results[3]?.[0];
      if (row === undefined)
        throw new Error(`Version ${manifest.contentHash} of environment ${environmentId} was not stored`);
      return { id: String(row.id), label: String(row.label) };
    },
    async current(environmentId) {
      const rows = await database.query(readCurrent(environmentId));
      const [first] = rows;
      if (first === undefined) return null;
      const tasks = rows.filter(({ id }) => id !== null);
      return {
        label: String(first.label),
        tasks: tasks.map((task) => ({ id: String(task.id), filePath: String(task.file_path) })),
      };
    },
  };
}

/** Makes the version with the next label of the day, unless the same content is there. */
function insertVersion(environmentId: string, manifest: VersionManifest): Statement {
  return {
    name: "versions_insert",
    text: `
      with today as (select to_char(now() at time zone 'UTC', 'YYYYMMDD') as day)
      insert into version (environment_id, id, content_hash, is_current, process_keep_alive, label)
      select $1::uuid, $2::uuid, $3, false, $4, day || '.' || (
        select coalesce(max(split_part(label, '.', 2)::int), 0) + 1 from version
        where environment_id = $1::uuid and split_part(label, '.', 1) = day)
      from today
      where not exists (select from version where environment_id = $1::uuid and content_hash = $3)`,
    values: [environmentId, newUuid(), manifest.contentHash, manifest.processKeepAlive],
  };
}

/** Comes before the new version becomes current, since there is only one at any time. */
function retireOthers(environmentId: string, contentHash: string): Statement {
  return {
    name: "versions_retire",
    text: "update version set is_current = false where environment_id = $1 and is_current and content_hash <> $2",
    values: [environmentId, contentHash],
  };
}

function makeCurrent(environmentId: string, manifest: VersionManifest): Statement {
  return {
    name: "versions_make_current",
    text: `update version set is_current = true, process_keep_alive = $3
           where environment_id = $1 and content_hash = $2 returning id, label`,
    values: [environmentId, manifest.contentHash, manifest.processKeepAlive],
  };
}

/** The same bundle may index differently, since a configuration can read its environment. */
function removeTasks(environmentId: string, contentHash: string): Statement {
  return {
    name: "versions_remove_tasks",
    text: `delete from task where environment_id = $1
             and version_id = (select id from version where environment_id = $1 and content_hash = $2)`,
    values: [environmentId, contentHash],
  };
}

function insertTasks(environmentId: string, manifest: VersionManifest): Statement {
  return {
    name: "versions_insert_tasks",
    text: `
      insert into task (environment_id, version_id, id, file_path, export_name, description, queue_name, retry,
                        max_duration_s, machine, ttl_s, is_scheduled, has_failure_hook, has_cancel_hook)
      select $1::uuid, version.id, task.id, task."filePath", task."exportName", task.description, task.queue ->> 'name',
             task.retry, task."maxDuration", task.machine, task.ttl,
             coalesce(task."isScheduled", false) or task.schedule is not null,
             nullif(task."endHooks" ? 'onFailure', false), nullif(task."endHooks" ? 'onCancel', false)
      from version, jsonb_to_recordset($3::jsonb) as task(
        id text, "filePath" text, "exportName" text, description text, queue jsonb, retry jsonb,
        "maxDuration" double precision, machine text, ttl double precision, "isScheduled" boolean, schedule jsonb, "endHooks" jsonb)
      where version.environment_id = $1::uuid and version.content_hash = $2`,
    values: [environmentId, manifest.contentHash, JSON.stringify(manifest.tasks)],
  };
}

/** One row a task; one with nulls for a version without tasks. */
function readCurrent(environmentId: string): Statement {
  return {
    name: "versions_read_current",
    text: `
      select version.label, task.id, task.file_path
      from version left join task on task.environment_id = version.environment_id and task.version_id = version.id
      where version.environment_id = $1 and version.is_current
      order by task.id`,
    values: [environmentId],
  };
}
