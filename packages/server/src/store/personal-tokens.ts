import { newUuid } from "@pawl/contract/ids";
import type { MadePersonalToken, PersonalToken, PersonalTokenStore } from "../engine/personal-token-ports.ts";
import { hashOf, randomText } from "./codes.ts";
import type { Database, Rows } from "./db.ts";

const columns = "id, environment_id, name, ending, created_at";

/**
 * Personal tokens on Postgres.
 *
 * @param database - where
 * @returns the store
 */
export function createPersonalTokenStore(database: Database): PersonalTokenStore {
  return {
    async find(token) {
      const [row] = await database.query({
        name: "personal_tokens_find",
        text: `select ${columns} from personal_token where hash = $1 and revoked_at is null`,
        values: [hashOf(token)],
      });
      return row === undefined ? null : toToken(row);
    },
    async create({ environmentId, name }) {
      const made = newPersonalToken();
      const [row] = await database.query({
        name: "personal_tokens_create",
        text: `insert into personal_token (id, hash, environment_id, name, ending) values ($1, $2, $3, $4, $5)
               returning ${columns}`,
        values: [made.id, made.hash, environmentId, name, made.ending],
      });
      if (row === undefined) throw new Error(`The personal token ${made.id} was not stored`);
      return { ...toToken(row), token: made.token };
    },
    async list(environmentId) {
      const rows = await database.query({
        name: "personal_tokens_list",
        text: `select ${columns} from personal_token
               where (environment_id = $1::uuid or environment_id is null) and revoked_at is null
               order by id desc`,
        values: [environmentId],
      });
      return rows.map(toToken);
    },
    async revoke(environmentId, id) {
      const rows = await database.query({
        name: "personal_tokens_revoke",
        text: `update personal_token set revoked_at = now()
               where id = $2::uuid and (environment_id = $1::uuid or environment_id is null) and revoked_at is null returning 1`,
        values: [environmentId, id],
      });
      return rows.length > 0;
    },
  };
}

/** A token before it is stored. */
export interface NewPersonalToken {
  readonly id: string;
  readonly token: string;
  readonly hash: Buffer;
  readonly ending: string;
}

/**
 * Makes a token with 238 bits that nobody can guess.
 *
 * @returns the token, and what is kept of it
 */
export function newPersonalToken(): NewPersonalToken {
  const token = `tr_pat_${randomText(40)}`;
  return { id: newUuid(), token, hash: hashOf(token), ending: token.slice(-4) };
}

/**
 * Reads a row of a personal token.
 *
 * @param row - with the table's columns but for its hash
 * @returns the token
 */
export function toToken(row: Rows[number]): PersonalToken {
  return {
    id: String(row.id),
    environmentId: row.environment_id === null ? null : String(row.environment_id),
    name: String(row.name),
    ending: String(row.ending),
    createdAt: row.created_at as Date, // a timestamptz column
  };
}

/** A token that was made together with its row. */
export function toMadeToken(row: Rows[number], { token }: NewPersonalToken): MadePersonalToken {
  return { ...toToken(row), token };
}
