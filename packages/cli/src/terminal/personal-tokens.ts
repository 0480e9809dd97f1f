import type { CreatedPersonalToken, PersonalTokenView } from "@pawl/contract/api/personal-tokens";
import pc from "picocolors";
import { dateAndTime } from "./clock.ts";
import { renderRecords } from "./records.ts";

const columns = [{ title: "TOKEN" }, { title: "NAME" }, { title: "OPENS" }, { title: "CREATED" }, { title: "ID" }];

/**
 * A token that was just made, and what to do with it.
 *
 * @param token - the token
 * @param apiUrl - of the server
 * @returns the lines for the terminal
 */
export function renderCreatedToken({ token, name }: CreatedPersonalToken, apiUrl: string): readonly string[] {
  return [
    `${pc.green("✔")} ${pc.bold(name)}: keep the token now, it is not shown again.`,
    "",
    `  TRIGGER_API_URL=${apiUrl}`,
    `  TRIGGER_ACCESS_TOKEN=${token}`,
  ];
}

/**
 * Tokens as a table.
 *
 * @param tokens - the tokens
 * @param width - how many characters a line may have; default: those of the terminal
 * @returns the lines for the terminal
 */
export function renderTokenTable(tokens: readonly PersonalTokenView[], width?: number): readonly string[] {
  if (tokens.length === 0) return [pc.dim('There are no personal tokens: "pawl token create" makes one.')];
  const rows = tokens.map(({ id, name, obfuscatedToken, opensAll, createdAt }) => [
    obfuscatedToken,
    name,
    opensAll ? "every environment" : "this environment",
    dateAndTime(new Date(createdAt)),
    id,
  ]);
  return renderRecords(columns, rows, width);
}

/**
 * That a token is of no use any more.
 *
 * @param id - of the token
 * @returns the lines for the terminal
 */
export function renderRevokedToken(id: string): readonly string[] {
  return [`${pc.green("✔")} ${pc.bold(id)} is revoked.`];
}
