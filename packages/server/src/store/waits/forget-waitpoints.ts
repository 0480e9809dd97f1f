import type { Database } from "../db.ts";

/** The most waitpoints that one transaction forgets. */
const forgetSize = 5_000;

/** Of no use any more: it is over, its key has expired, and nobody waits for it. Tokens are kept, to be shown. */
const isDone = `
  w.kind <> 'token' and w.completed_at < now() - interval '1 hour'
  and (w.idempotency_key is null or w.idempotency_key_expires_at < now())
  and not exists (select from run_wait o where o.environment_id = w.environment_id and o.waitpoint_id = w.id)`;

/**
 * Deletes waitpoints of runs, batches and times that nobody waits for any more. Those that somebody begins to wait for in the
 * same moment are locked by him, and skipped. Locks: the waitpoints.
 *
 * @param database - where
 */
export async function forgetWaitpoints(database: Database): Promise<void> {
  for (;;) {
    const [, forgotten = []] = await database.transaction([
      {
        name: "waits_lock_done",
        text: `
          with done as materialized (
            select w.ctid from waitpoint w where ${isDone} limit ${forgetSize} for update skip locked
          )
          select set_config('pawl.done', coalesce(string_agg(ctid::text, ';'), ''), true) from done`,
        values: [],
      },
      {
        name: "waits_forget",
        text: `
          delete from waitpoint w
          where w.ctid = any (string_to_array(nullif(current_setting('pawl.done'), ''), ';')::tid[]) and ${isDone}
          returning 1`,
        values: [],
      },
    ]);
    if (forgotten.length < forgetSize) return;
  }
}
