import { newUuid } from "@pawl/contract/ids";
import type { NewToken, TokenListFilter, TokenPage, TokenRecord } from "../../engine/wait-ports.ts";
import { type Database, plainArray, type Statement, textArray } from "../db.ts";
import { lowestUuidAt } from "../partitions.ts";
import { noteCompletedOf, resumeWaiters } from "../runs/completions.ts";
import { transactionAgain } from "../runs/contended.ts";
import { freeExpiredKeys } from "./open.ts";

/**
 * Makes a token outside of any run, or finds the one that has its idempotency key.
 *
 * @param db - the database
 * @param token - the token
 * @returns its id, whether it was there before, and in how many milliseconds a new one times out
 */
export async function createToken(
  db: Database,
  token: NewToken,
): Promise<{ readonly id: string; readonly isCached: boolean; readonly nextDueInMs: number | null }> {
  const { environmentId, idempotency, timeout, tags } = token;
  const id = newUuid();
  const key = idempotency?.key ?? null;
  const [, , [row] = []] = await db.transaction([
    freeExpiredKeys(environmentId, [key]),
    {
      // An equal key under way is waited for; the next statement sees which of the two was made.
      name: "tokens_insert",
      text: `
        insert into waitpoint (environment_id, id, kind, due_at, tags, idempotency_key, idempotency_key_expires_at)
        values ($1, $2, 'token', coalesce($3::timestamptz, now() + $4::float8 * interval '1 millisecond'), $5::text[], $6,
                now() + $7::float8 * interval '1 second')
        on conflict (environment_id, idempotency_key) where idempotency_key is not null do nothing`,
      values: [
        environmentId,
        id,
        timeout !== null && "at" in timeout ? timeout.at.toISOString() : null,
        timeout !== null && "afterMs" in timeout ? timeout.afterMs : null,
        tags.length === 0 ? null : textArray(tags),
        key,
        idempotency?.lifeS ?? null,
      ],
    },
    {
      name: "tokens_find_made",
      text: `
        select id, extract(epoch from due_at - now())::float8 * 1000 as due_in_ms from (
          select * from waitpoint where environment_id = $1::uuid and id = $2::uuid
          union all
          select * from waitpoint where environment_id = $1::uuid and idempotency_key = $3 and id <> $2::uuid
        ) made
        limit 1`,
      values: [environmentId, id, key],
    },
  ]);
  const storedId = String(row?.id);
  return { id: storedId, isCached: storedId !== id, nextDueInMs: row?.due_in_ms as number | null }; // a float8 column
}

/**
 * Completes a token and lets go on who waits for it, in one transaction. Locks: the token, then the waiting rows by id.
 *
 * @param db - the database
 * @param environmentId - the environment of the token
 * @param id - the token
 * @param output - what its waits come to
 * @returns what became of it
 */
export async function completeToken(
  db: Database,
  environmentId: string,
  id: string,
  output: { readonly text: string | null; readonly type: string },
): Promise<"completed" | "already_completed" | "not_found"> {
  const [completed = [], , found = []] = await transactionAgain(db, [
    {
      name: "tokens_complete",
      text: `
        with completed as (
          update waitpoint set completed_at = now(), output = $3, output_type = $4
          where environment_id = $1::uuid and id = $2::uuid and kind = 'token' and completed_at is null
          returning id
        )
        ${noteCompletedOf("completed")}`,
      values: [environmentId, id, output.text, output.type],
    },
    resumeWaiters(environmentId),
    {
      name: "tokens_exists",
      text: "select from waitpoint where environment_id = $1::uuid and id = $2::uuid and kind = 'token'",
      values: [environmentId, id],
    },
  ]);
  if (completed.length > 0) return "completed";
  return found.length > 0 ? "already_completed" : "not_found";
}

const tokenColumns = `
  id, created_at, completed_at, due_at, is_timeout, idempotency_key, idempotency_key_expires_at, tags, output, output_type`;

/**
 * Reads a token. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - its environment
 * @param id - the token
 * @returns the token, or null when there is none
 */
export async function retrieveToken(db: Database, environmentId: string, id: string): Promise<TokenRecord | null> {
  const [row] = await db.query({
    name: "tokens_retrieve",
    text: `select ${tokenColumns} from waitpoint where environment_id = $1::uuid and id = $2::uuid and kind = 'token'`,
    values: [environmentId, id],
  });
  return row === undefined ? null : tokenRecord(row);
}

const statusSql = "case when completed_at is null then 'WAITING' when is_timeout then 'TIMED_OUT' else 'COMPLETED' end";

/**
 * Reads a page of tokens, newest first, and one more to tell whether there is another page. Takes no lock.
 *
 * @param db - the database
 * @param environmentId - the environment
 * @param filter - which tokens
 * @returns the page
 */
export async function listTokens(db: Database, environmentId: string, filter: TokenListFilter): Promise<TokenPage> {
  const isBackward = filter.cursor?.direction === "before";
  const rows = await db.query(listStatement(environmentId, filter, isBackward));
  const hasMore = rows.length > filter.size;
  const tokens = rows.slice(0, filter.size).map(tokenRecord);
  if (isBackward) tokens.reverse();
  return {
    tokens,
    hasNext: isBackward ? true : hasMore,
    hasPrevious: isBackward ? hasMore : filter.cursor !== null,
  };
}

function listStatement(environmentId: string, filter: TokenListFilter, isBackward: boolean): Statement {
  return {
    name: isBackward ? "tokens_list_backward" : "tokens_list",
    text: `
      select ${tokenColumns} from waitpoint
      where environment_id = $1::uuid and kind = 'token'
        and ($3::text[] is null or ${statusSql} = any ($3::text[]))
        and ($4::text is null or idempotency_key = $4::text)
        and ($5::text[] is null or tags && $5::text[])
        and id >= $6::uuid and id < $7::uuid
        and ($8::uuid is null or id ${isBackward ? ">" : "<"} $8::uuid)
      order by id ${isBackward ? "asc" : "desc"} limit $2::int`,
    values: [
      environmentId,
      filter.size + 1,
      filter.statuses === null ? null : plainArray(filter.statuses),
      filter.idempotencyKey,
      filter.tags === null ? null : textArray(filter.tags),
      filter.from === null ? "00000000-0000-0000-0000-000000000000" : lowestUuidAt(filter.from.getTime()),
      filter.to === null ? "ffffffff-ffff-ffff-ffff-ffffffffffff" : lowestUuidAt(filter.to.getTime()),
      filter.cursor?.id ?? null,
    ],
  };
}

function tokenRecord(row: Record<string, unknown>): TokenRecord {
  const completedAt = row.completed_at as Date | null; // the casts state the column types of the statements above
  const statusWhenOver = row.is_timeout === true ? "TIMED_OUT" : "COMPLETED";
  return {
    id: row.id as string,
    status: completedAt === null ? "WAITING" : statusWhenOver,
    createdAt: row.created_at as Date,
    completedAt,
    timeoutAt: row.due_at as Date | null,
    idempotencyKey: row.idempotency_key as string | null,
    idempotencyKeyExpiresAt: row.idempotency_key_expires_at as Date | null,
    tags: (row.tags as string[] | null) ?? [],
    output: row.output as string | null,
    outputType: row.output_type as string | null,
  };
}
