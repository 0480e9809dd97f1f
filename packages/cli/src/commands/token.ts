import { Command } from "commander";
import { credentialsHere } from "../api/credentials.ts";
import { createPersonalTokenClient } from "../api/personal-tokens.ts";
import { createOutput } from "../terminal/output.ts";
import { renderCreatedToken, renderRevokedToken, renderTokenTable } from "../terminal/personal-tokens.ts";

interface Flags {
  readonly json?: boolean;
}

/**
 * `pawl token`: personal tokens, for programs that ask for one in place of an environment's key.
 *
 * @returns the command
 */
export function tokenCommand(): Command {
  return lists(
    new Command("token").description(
      "Make, list and revoke personal tokens, for trigger.dev's command line and for CI.",
    ),
  )
    .addHelpText(
      "after",
      "\nA token opens the environment whose key made it.\n\nExample:\n  $ pawl token create ci\n  $ TRIGGER_ACCESS_TOKEN=$(pawl token create --quiet) npx trigger.dev dev",
    )
    .addCommand(createCommand())
    .addCommand(listCommand())
    .addCommand(revokeCommand());
}

function createCommand(): Command {
  return new Command("create")
    .description("Make a token. It is shown now, and never again.")
    .argument("[name]", "what it is for", "token")
    .option("-q, --quiet", "print the token and nothing else")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl token create ci\n  $ pawl token create ci --quiet > token.txt")
    .action(create);
}

function listCommand(): Command {
  return lists(
    new Command("list").description("List the tokens that open the environment, the newest first."),
  ).addHelpText("after", "\nExample:\n  $ pawl token list");
}

function lists(command: Command): Command {
  return command.option("--json", "print one JSON value a line, for programs").action(list);
}

function revokeCommand(): Command {
  return new Command("revoke")
    .description("Take a token's power away, at once.")
    .argument("<id>", "the token's id, pat_…")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl token revoke pat_06a4…")
    .action(revoke);
}

async function create(name: string, flags: Flags & { readonly quiet?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const credentials = await credentialsHere();
  const made = await createPersonalTokenClient(credentials).create(name);
  output.lines(flags.quiet === true ? [made.token] : renderCreatedToken(made, credentials.apiUrl));
  output.json(made);
}

async function list(flags: Flags): Promise<void> {
  const output = createOutput(flags);
  const { data } = await createPersonalTokenClient(await credentialsHere()).list();
  output.lines(renderTokenTable(data));
  for (const token of data) output.json(token);
}

async function revoke(id: string, flags: Flags): Promise<void> {
  const output = createOutput(flags);
  await createPersonalTokenClient(await credentialsHere()).revoke(id);
  output.lines(renderRevokedToken(id));
  output.json({ id });
}
