import type { UsedTokens } from "../engine/token-ports.ts";
import type { Database, Statement } from "./db.ts";

/**
 * Used tokens on Postgres.
 *
 * @param db - the database
 * @returns the store
 */
export function createUsedTokens(db: Database): UsedTokens {
  return {
    async use({ hash, requestKey, expiresAt }) {
      // Of two calls at once the second waits for the first, and then finds its row.
      const rows = await db.query({
        name: "used_tokens_use",
        text: `
          insert into used_token as u (hash, request_key, expires_at) values ($1, $2, $3::timestamptz)
          on conflict (hash) do update set expires_at = u.expires_at where u.request_key = excluded.request_key
          returning 1`,
        values: [hash, requestKey, expiresAt.toISOString()],
      });
      return rows.length > 0;
    },
  };
}

/**
 * Deletes a page of uses of tokens whose time is over.
 *
 * @param size - the most rows
 * @returns the statement; a row for each that was deleted
 */
export function forgetUsedTokens(size: number): Statement {
  return {
    name: "used_tokens_forget",
    text: `
      with expired as (
        select hash from used_token where expires_at < now() limit ${size} for update skip locked
      )
      delete from used_token u using expired e where u.hash = e.hash
      returning 1`,
    values: [],
  };
}
