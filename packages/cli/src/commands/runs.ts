import { publicStatuses } from "@pawl/contract/run-state";
import { Command, InvalidArgumentError } from "commander";
import { createApiClient } from "../api/client.ts";
import { findCredentials } from "../api/credentials.ts";
import { createOutput } from "../terminal/output.ts";
import { renderRunPage } from "../terminal/run-page.ts";
import { renderRunTable } from "../terminal/run-table.ts";
import { cancelCommand, replayCommand, rescheduleCommand } from "./run-control.ts";

const statusNames = publicStatuses.join(", ").toLowerCase();

interface ListFlags {
  readonly status: readonly string[];
  readonly task: readonly string[];
  readonly limit: number;
  readonly json?: boolean;
}

/**
 * `pawl runs` with `show`, `cancel`, `replay` and `reschedule`: what there is, how it stands, and what to do about it.
 *
 * @returns the command
 */
export function runsCommand(): Command {
  return new Command("runs")
    .description("List runs, newest first, or show one with 'pawl runs show <id>'.")
    .option("-s, --status <status>", `only these, joined by commas: ${statusNames}`, statuses, [])
    .option("-t, --task <id>", "only runs of these tasks, joined by commas", commaList, [])
    .option("-n, --limit <count>", "how many, at most 100", limit, 25)
    .option("--json", "print one JSON value a line, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl runs --status failed,crashed --limit 5\n  $ pawl runs show run_…")
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
    .action((id: string, _flags: unknown, command: Command) => show(id, command.optsWithGlobals()));
}

async function list(flags: ListFlags): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await findCredentials({ env: process.env, dir: process.cwd() }));
  const page = await api.listRuns({ statuses: flags.status, taskIds: flags.task, limit: flags.limit });
  output.lines(renderRunTable(page));
  for (const run of page.data) output.json(run);
}

async function show(id: string, flags: { readonly json?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await findCredentials({ env: process.env, dir: process.cwd() }));
  const [run, { events }] = await Promise.all([api.retrieveRun(id), api.runEvents(id)]);
  output.lines(renderRunPage(run, events));
  output.json({ ...run, events });
}

function commaList(text: string): readonly string[] {
  return text.split(",").filter((part) => part !== "");
}

function statuses(text: string): readonly string[] {
  const wanted = commaList(text).map((part) => part.toUpperCase().replaceAll("-", "_"));
  const unknown = wanted.find((status) => !publicStatuses.some((known) => known === status));
  if (unknown === undefined) return wanted;
  throw new InvalidArgumentError(`There is no status ${unknown.toLowerCase()}: choose of ${statusNames}.`);
}

function limit(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 100) return count;
  throw new InvalidArgumentError("Give a number from 1 to 100.");
}
