import { newUuid } from "@pawl/contract/ids";
import type { NewWait, OpenedWait } from "../../engine/wait-ports.ts";
import { keyed, lockById } from "../by-key.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { claims, claimValues, heldBy } from "../runs/held-by.ts";

/**
 * Opens waits for code of runs. A key that a run has opened already, in this attempt or in one that was lost, gives the same
 * waitpoint again; so does an idempotency key that has not expired.
 *
 * @param db - the database
 * @param environmentId - the environment of the host
 * @param hostId - the host that must hold the claims
 * @param waits - the waits
 * @returns what became of each, in their order
 */
export async function open(
  db: Database,
  environmentId: string,
  hostId: string,
  waits: readonly NewWait[],
): Promise<readonly OpenedWait[]> {
  if (waits.length === 0) return [];
  const drafts = waits.map((wait) => ({ wait, id: newUuid() }));
  const [, , , , rows = []] = await db.transaction([
    lockOpening(environmentId, hostId, waits),
    freeExpiredKeys(environmentId, drafts.map(draftKey)),
    makeWaitpoints(environmentId, hostId, drafts),
    joinWaitpoints(environmentId, hostId, drafts),
    readOpened(environmentId, hostId, drafts),
  ]);
  return drafts.map(({ id }, index): OpenedWait => {
    const row = rows[index];
    if (row === undefined || row.is_held !== true) return { kind: "lost_claim" };
    if (row.waitpoint_id === null) return { kind: "no_waitpoint" };
    const waitpointId = String(row.waitpoint_id);
    // The casts state the column types of the statement.
    const [dueAt, dueInMs] = [row.due_at as Date | null, row.due_in_ms as number | null];
    return { kind: "opened", waitpointId, isFound: waitpointId !== id, dueAt, dueInMs };
  });
}

interface Draft {
  readonly wait: NewWait;
  /** The id of its waitpoint, if it gets one of its own. */
  readonly id: string;
}

function draftKey({ wait }: Draft): string | null {
  return wait.opens.kind === "join" ? null : (wait.opens.idempotency?.key ?? null);
}

/** Two calls for one run come one after the other, and none for a run that ends meanwhile. Locks: the live rows, by id. */
function lockOpening(environmentId: string, hostId: string, waits: readonly NewWait[]): Statement {
  return {
    name: "waits_lock_opening",
    text: `
      select l.run_id from ${claims} join live_run l on ${heldBy} order by l.run_id for no key update of l`,
    values: claimValues(environmentId, hostId, waits),
  };
}

/**
 * Frees idempotency keys of waitpoints that have expired, so that the next statement can take them. Locks: their waitpoints.
 *
 * @param environmentId - the environment
 * @param keys - the keys; null for none
 * @returns the statement
 */
export function freeExpiredKeys(environmentId: string, keys: readonly (string | null)[]): Statement {
  return {
    name: "waits_free_expired_keys",
    text: `
      with expired as materialized (
        ${lockById({
          table: "waitpoint",
          column: "id",
          ids: `array(
            select w.id from unnest($2::text[]) as named(key)
            cross join lateral (
              select id from waitpoint where environment_id = $1::uuid and idempotency_key = named.key offset 0
            ) w
          )`,
          condition: "l.idempotency_key_expires_at <= now()",
          strength: "for no key update",
        })}
      )
      update waitpoint w set idempotency_key = null
      from ${keyed("expired")} e
      where w.environment_id = e.environment_id and w.id = e.id and w.idempotency_key_expires_at <= now()`,
    values: [environmentId, textArray(keys.filter((key) => key !== null))],
  };
}

/** The drafts, with what stands under their key in their run's journal. */
const drafted = `
  draft as materialized (
    select d.*, l.run_id is not null as is_held, j.waitpoint_id as journal_id
    from unnest($3::uuid[], $4::int[], $5::text[], $6::uuid[], $7::text[], $8::timestamptz[], $9::float8[], $10::text[], $11::text[], $12::float8[],
                $13::uuid[])
      with ordinality as d(run_id, fence, key, id, kind, due_at, due_ms, tags, idempotency_key, key_life_s, target_id, place)
    left join lateral (
      select live_run.run_id from live_run
      where live_run.environment_id = $1::uuid and live_run.run_id = d.run_id and live_run.fence = d.fence and live_run.host_id = $2::uuid offset 0
    ) l on true
    left join lateral (
      select run_wait.waitpoint_id from run_wait
      where run_wait.environment_id = $1::uuid and run_wait.run_id = d.run_id and run_wait.key = d.key offset 0
    ) j on true
  )`;

function draftValues(environmentId: string, hostId: string, drafts: readonly Draft[]): readonly unknown[] {
  const opens = drafts.map(({ wait }) => wait.opens);
  return [
    environmentId,
    hostId,
    plainArray(drafts.map(({ wait }) => wait.runId)),
    plainArray(drafts.map(({ wait }) => wait.fence)),
    textArray(drafts.map(({ wait }) => wait.wait)),
    plainArray(drafts.map(({ id }) => id)),
    plainArray(opens.map((open) => open.kind)),
    textArray(opens.map((open) => dueAt(open)?.toISOString() ?? null)),
    plainArray(opens.map((open) => dueMs(open))),
    textArray(opens.map((open) => (open.kind === "token" && open.tags.length > 0 ? textArray(open.tags) : null))),
    textArray(drafts.map(draftKey)),
    plainArray(opens.map((open) => (open.kind === "join" ? null : (open.idempotency?.lifeS ?? null)))),
    plainArray(opens.map((open) => (open.kind === "join" ? open.waitpointId : null))),
  ];
}

function dueAt(open: NewWait["opens"]): Date | null {
  if (open.kind === "time") return open.at;
  return open.kind === "token" && open.timeout !== null && "at" in open.timeout ? open.timeout.at : null;
}

function dueMs(open: NewWait["opens"]): number | null {
  return open.kind === "token" && open.timeout !== null && "afterMs" in open.timeout ? open.timeout.afterMs : null;
}

/** An equal key under way is waited for; the next statement finds its waitpoint. Locks: the keys. */
function makeWaitpoints(environmentId: string, hostId: string, drafts: readonly Draft[]): Statement {
  return {
    name: "waits_make",
    text: `
      with ${drafted}
      insert into waitpoint (environment_id, id, kind, due_at, tags, idempotency_key, idempotency_key_expires_at)
      select $1::uuid, id, kind, coalesce(due_at, now() + due_ms * interval '1 millisecond'), tags::text[], idempotency_key,
             now() + key_life_s * interval '1 second'
      from draft d
      where is_held and journal_id is null and kind <> 'join' and not exists (
        select from waitpoint w where w.environment_id = $1::uuid and w.idempotency_key = d.idempotency_key
      )
      order by idempotency_key, place
      on conflict do nothing`,
    values: draftValues(environmentId, hostId, drafts),
  };
}

/** Writes the journals; a run that opens a wait makes progress. Locks: the waitpoints, against being forgotten. */
function joinWaitpoints(environmentId: string, hostId: string, drafts: readonly Draft[]): Statement {
  return {
    name: "waits_join",
    text: `
      with ${drafted},
      opened as (
        select distinct on (d.run_id, d.key) d.run_id, d.key, w.id as waitpoint_id
        from draft d
        cross join lateral (
          select waitpoint.id from waitpoint
          where waitpoint.environment_id = $1::uuid and d.kind <> 'join' and d.idempotency_key is null and waitpoint.id = d.id
          union all
          select waitpoint.id from waitpoint
          where waitpoint.environment_id = $1::uuid and waitpoint.idempotency_key = d.idempotency_key
          union all
          select waitpoint.id from waitpoint
          where waitpoint.environment_id = $1::uuid and waitpoint.id = d.target_id and waitpoint.kind = 'token'
        ) w
        where d.is_held and d.journal_id is null
        order by d.run_id, d.key, d.place
      ),
      kept as materialized (${lockById({
        table: "waitpoint",
        column: "id",
        ids: "array(select waitpoint_id from opened)",
        strength: "for key share",
      })}
      ),
      joined as (
        insert into run_wait (environment_id, run_id, key, waitpoint_id)
        select $1::uuid, o.run_id, o.key, o.waitpoint_id from opened o where o.waitpoint_id = any (array(select id from kept))
        returning run_id
      )
      update live_run l set lost_count = 0
      from ${keyed("joined")} j
      where l.environment_id = j.environment_id and l.run_id = j.run_id and l.lost_count > 0`,
    values: draftValues(environmentId, hostId, drafts),
  };
}

/** Reads what stands in the journals now, in the order of the drafts. Takes no lock. */
function readOpened(environmentId: string, hostId: string, drafts: readonly Draft[]): Statement {
  return {
    name: "waits_read_opened",
    text: `
      with ${drafted}
      select d.is_held, d.journal_id as waitpoint_id, w.due_at, extract(epoch from w.due_at - now())::float8 * 1000 as due_in_ms
      from draft d
      left join lateral (
        select waitpoint.due_at from waitpoint where waitpoint.environment_id = $1::uuid and waitpoint.id = d.journal_id offset 0
      ) w on true
      order by d.place`,
    values: draftValues(environmentId, hostId, drafts),
  };
}
