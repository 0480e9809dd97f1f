import type { Database } from "../db.ts";

/**
 * Frees an idempotency key: the next trigger with it makes a run. Locks: the key.
 *
 * @param db - the database
 * @param environmentId - the environment
 * @param taskId - the task
 * @param key - the key
 * @returns whether there was such a key
 */
export async function resetIdempotencyKey(
  db: Database,
  environmentId: string,
  taskId: string,
  key: string,
): Promise<boolean> {
  const rows = await db.query({
    name: "idempotency_keys_reset",
    text: `
      delete from idempotency_key where environment_id = $1::uuid and task_id = $2 and key = $3
      returning expires_at > now() as was_valid`,
    values: [environmentId, taskId, key],
  });
  return rows[0]?.was_valid === true;
}
