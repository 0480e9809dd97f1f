import { Command } from "commander";
import { createApiClient } from "../api/client.ts";
import { credentialsHere } from "../api/credentials.ts";
import { isEmptyFilter } from "../api/run-filter.ts";
import { createScheduleClient } from "../api/schedules.ts";
import { misspeltNames } from "../misspelt-names.ts";
import { createOutput } from "../terminal/output.ts";
import { renderRunPage } from "../terminal/run-page.ts";
import { renderRunTable } from "../terminal/run-table.ts";
import { numberFrom } from "./number-argument.ts";
import { cancelCommand, replayCommand, rescheduleCommand } from "./run-control.ts";
import { addRunFilterOptions, type RunFilterFlags, readRunFilter } from "./run-filter-options.ts";

interface ListFlags extends RunFilterFlags {
  readonly limit: number;
  readonly json?: boolean;
}

/**
 * `pawl runs` with `show`, `cancel`, `replay` and `reschedule`: what there is, how it stands, and what to do about it.
 *
 * @returns the command
 */
export function runsCommand(): Command {
  const command = new Command("runs").description("List runs, newest first, or show one with 'pawl runs show <id>'.");
  return addRunFilterOptions(command)
    .option("-n, --limit <count>", "how many, at most 100", numberFrom(1, 100), 25)
    .option("--json", "print one JSON value a line, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl runs --status failed,crashed --period 1d --limit 5\n  $ pawl runs --queue task/mail.send --tag customer_7\n  $ pawl runs show run_…",
    )
    .action(list)
    .addCommand(showCommand())
    .addCommand(cancelCommand())
    .addCommand(replayCommand())
    .addCommand(rescheduleCommand());
}

function showCommand(): Command {
  return new Command("show")
    .description("Show a run: its state and why it waits, its attempts, its error with the stack, its logs.")
    .argument("<id>", "the run's id, run_…")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl runs show run_06a4…")
    .action(show);
}

async function list(flags: ListFlags): Promise<void> {
  const output = createOutput(flags);
  const credentials = await credentialsHere();
  const api = createApiClient(credentials);
  const schedules = createScheduleClient(credentials);
  const filter = await readRunFilter(flags, async (name) => (await schedules.find(name)).id);
  const page = await api.listRuns(filter, flags.limit);
  output.lines(renderRunTable(page, { isFiltered: !isEmptyFilter(filter) }));
  if (page.data.length === 0 && !output.isJson) output.lines(await misspeltNames(filter, credentials));
  for (const run of page.data) output.json(run);
}

async function show(id: string, flags: { readonly json?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await credentialsHere());
  const [run, { events }] = await Promise.all([api.retrieveRun(id), api.runEvents(id)]);
  output.lines(renderRunPage(run, events));
  output.json({ ...run, events });
}
