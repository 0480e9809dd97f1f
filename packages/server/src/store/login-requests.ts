import { createHash } from "node:crypto";
import type { LoginApproval, LoginRedemption, LoginRequestStore } from "../engine/personal-token-ports.ts";
import { hashOf, randomCode, randomText } from "./codes.ts";
import type { Database, Statement } from "./db.ts";
import { newPersonalToken, toMadeToken } from "./personal-tokens.ts";

/** How many wrong codes, of either kind, end a request. */
const maxFailures = 5;

/** How many requests may wait at once: anybody can make one, and each prints a line. */
const maxOpen = 20;

/** A request that can still be answered. */
const isAlive = `expires_at > now() and failures < ${maxFailures}`;

/**
 * Requests for personal tokens on Postgres. Codes are kept as hashes; each verb is one statement on one row, or holds its lock.
 *
 * @param database - where
 * @returns the store
 */
export function createLoginRequestStore(database: Database): LoginRequestStore {
  return {
    async create({ challenge, callbackPort }) {
      const made = { code: randomText(32), confirmation: randomCode(2) };
      const rows = await database.query({
        name: "login_requests_create",
        text: `insert into login_request (code_hash, confirmation_hash, challenge, callback_port, expires_at)
               select $1, $2, $3, $4, now() + interval '10 minutes'
               where (select count(*) from login_request where expires_at > now()) < ${maxOpen}
               returning 1`,
        values: [hashOf(made.code), hashOf(made.confirmation), challenge, callbackPort],
      });
      return rows.length === 0 ? null : made;
    },
    async isOpen(code) {
      const rows = await database.query({
        name: "login_requests_is_open",
        text: `select 1 from login_request where code_hash = $1 and approval_hash is null and ${isAlive}`,
        values: [hashOf(code)],
      });
      return rows.length > 0;
    },
    async approve(code, confirmation): Promise<LoginApproval> {
      const approval = randomCode(3);
      const [row] = await database.query({
        name: "login_requests_approve",
        text: `update login_request set
                 approval_hash = case when confirmation_hash = $2 then $3::bytea end,
                 failures = failures + (confirmation_hash <> $2)::int
               where code_hash = $1 and approval_hash is null and ${isAlive}
               returning approval_hash is not null as is_approved, callback_port, failures`,
        values: [hashOf(code), hashOf(asTyped(confirmation)), hashOf(approval)],
      });
      if (row === undefined) return { kind: "over" };
      if (row.is_approved !== true) return { kind: "wrong", triesLeft: maxFailures - Number(row.failures) };
      return {
        kind: "approved",
        approval,
        callbackPort: row.callback_port === null ? null : Number(row.callback_port),
      };
    },
    async redeem(code, { verifier, approval }): Promise<LoginRedemption> {
      const codeHash = hashOf(code);
      const challenge = createHash("sha256").update(verifier).digest("base64url");
      const approvalHash = hashOf(asTyped(approval));
      const made = newPersonalToken();
      const [, given, wrong, waiting] = await database.transaction([
        {
          name: "login_requests_lock",
          text: "select 1 from login_request where code_hash = $1 for update",
          values: [codeHash],
        },
        exchange(codeHash, challenge, approvalHash, made),
        {
          name: "login_requests_fail",
          text: `update login_request set failures = failures + 1
                 where code_hash = $1 and approval_hash is not null and ${isAlive} returning failures`,
          values: [codeHash],
        },
        {
          name: "login_requests_is_waiting",
          text: `select 1 from login_request where code_hash = $1 and approval_hash is null and ${isAlive}`,
          values: [codeHash],
        },
      ]);
      if (given?.[0] !== undefined) return { kind: "redeemed", token: toMadeToken(given[0], made) };
      if (wrong?.[0] !== undefined) return { kind: "wrong", triesLeft: maxFailures - Number(wrong[0].failures) };
      return { kind: (waiting?.length ?? 0) > 0 ? "waiting" : "over" };
    },
  };
}

/** Ends a request that is approved and proven, and makes its token. */
function exchange(
  codeHash: Buffer,
  challenge: string,
  approvalHash: Buffer,
  made: ReturnType<typeof newPersonalToken>,
): Statement {
  return {
    name: "login_requests_exchange",
    text: `
      with redeemed as (
        delete from login_request
        where code_hash = $1 and challenge = $2 and approval_hash = $3 and ${isAlive}
        returning 1
      )
      insert into personal_token (id, hash, name, ending) select $4, $5, 'login', $6 from redeemed
      returning id, environment_id, name, ending, created_at`,
    values: [codeHash, challenge, approvalHash, made.id, made.hash, made.ending],
  };
}

/** People leave hyphens out, and write small. */
function asTyped(code: string): string {
  return (code.toUpperCase().match(/[A-Z]/g) ?? []).join("").replace(/(?<=^(?:.{4})+)(?=.)/g, "-");
}

/**
 * Deletes a page of requests whose time is over.
 *
 * @param size - the most rows
 * @returns the statement; a row for each that was deleted
 */
export function forgetLoginRequests(size: number): Statement {
  return {
    name: "login_requests_forget",
    text: `
      with expired as (
        select code_hash from login_request where expires_at < now() limit ${size} for update skip locked
      )
      delete from login_request r using expired e where r.code_hash = e.code_hash
      returning 1`,
    values: [],
  };
}
