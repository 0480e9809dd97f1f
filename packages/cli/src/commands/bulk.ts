import { Command } from "commander";
import { createBulkActionClient } from "../api/bulk-actions.ts";
import { credentialsHere } from "../api/credentials.ts";
import { renderBulkPage, renderBulkTable, renderEndedBulkAction } from "../terminal/bulk-action.ts";
import { createOutput } from "../terminal/output.ts";
import { numberFrom } from "./number-argument.ts";

interface Flags {
  readonly json?: boolean;
}

const idArgument = "the bulk action's id, bulk_…";

/**
 * `pawl bulk`: what was done to many runs at once, and how far it is.
 *
 * @returns the command
 */
export function bulkCommand(): Command {
  return lists(new Command("bulk").description("List bulk actions, newest first; show one, or abort it."))
    .addHelpText(
      "after",
      "\n'pawl runs cancel' and 'pawl runs replay' make a bulk action for the runs that match their options.\n\nExample:\n  $ pawl bulk\n  $ pawl bulk abort bulk_06a4…",
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(abortCommand());
}

function listCommand(): Command {
  return lists(new Command("list").description("List bulk actions, newest first.")).addHelpText(
    "after",
    "\nExample:\n  $ pawl bulk list --limit 5",
  );
}

function lists(command: Command): Command {
  return command
    .option("-n, --limit <count>", "how many, at most 100", numberFrom(1, 100), 25)
    .option("--json", "print one JSON value a line, for programs")
    .action(async (flags: Flags & { readonly limit: number }) => {
      const output = createOutput(flags);
      const list = await createBulkActionClient(await credentialsHere()).list(flags.limit);
      output.lines(renderBulkTable(list));
      for (const action of list.data) output.json(action);
    });
}

function showCommand(): Command {
  return new Command("show")
    .description("Show a bulk action: how many runs it is about, and what became of them.")
    .argument("<id>", idArgument)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl bulk show bulk_06a4…")
    .action(async (id: string, flags: Flags) => {
      const output = createOutput(flags);
      const action = await createBulkActionClient(await credentialsHere()).retrieve(id);
      output.lines(renderBulkPage(action));
      output.json(action);
    });
}

function abortCommand(): Command {
  return new Command("abort")
    .description("End a bulk action; the runs that it was not at yet stay as they are.")
    .argument("<id>", idArgument)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl bulk abort bulk_06a4…")
    .action(async (id: string, flags: Flags) => {
      const output = createOutput(flags);
      const bulk = createBulkActionClient(await credentialsHere());
      await bulk.abort(id);
      const action = await bulk.retrieve(id);
      output.lines(renderEndedBulkAction(action));
      output.json(action);
    });
}
