import type { PacketType } from "@pawl/contract/packet";
import type { ReplaySource } from "../../engine/ports.ts";
import type { Database } from "../db.ts";

/**
 * Reads what a replay of a run starts from: its payload and its options, but not its key, its delay, its version or its parent.
 *
 * @param db - the database
 * @param environmentId - the environment of the run
 * @param runId - the run
 * @returns it, or null when there is no such run
 */
export async function readForReplay(db: Database, environmentId: string, runId: string): Promise<ReplaySource | null> {
  const [row] = await db.query({
    name: "runs_read_for_replay",
    text: `
      select ${sourceColumns}
      from run r left join run_metadata m on m.environment_id = r.environment_id and m.run_id = r.id
      where r.environment_id = $1::uuid and r.id = $2::uuid and r.hook is null`,
    values: [environmentId, runId],
  });
  return row === undefined ? null : toReplaySource(row, runId);
}

/** What {@link toReplaySource} needs of `run r` and `run_metadata m`. */
export const sourceColumns = `
  r.task_id, r.payload, r.payload_type, r.max_attempts, r.tags, r.is_test, r.ttl_s, r.queue_name, r.concurrency_key,
  r.priority_s, r.max_duration_s, r.machine, r.region, m.data as metadata`;

/**
 * Reads what a replay starts from.
 *
 * @param row - with the {@link sourceColumns} of a run
 * @param runId - the run
 * @returns it
 */
export function toReplaySource(row: Record<string, unknown>, runId: string): ReplaySource {
  // The casts state the column types.
  return {
    taskId: row.task_id as string,
    payload: row.payload as string | null,
    payloadType: row.payload_type as PacketType,
    maxAttempts: row.max_attempts as number | null,
    tags: (row.tags as string[] | null) ?? [],
    isTest: row.is_test as boolean,
    triggerFunction: "trigger",
    delay: null,
    ttlS: row.ttl_s as number | null,
    queueName: row.queue_name as string,
    concurrencyKey: row.concurrency_key as string,
    priorityS: row.priority_s as number,
    idempotency: null,
    maxDurationS: row.max_duration_s as number | null,
    metadata: row.metadata as string | null,
    machine: row.machine as string | null,
    region: row.region as string | null,
    lockToVersion: null,
    parent: null,
    replayOf: runId,
    fire: null,
    debounce: null,
    bulkActionId: null,
  };
}
