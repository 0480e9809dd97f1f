import type { BulkActionObject } from "@pawl/contract/api/bulk-actions";
import { publicStatuses, statusFlags } from "@pawl/contract/run-state";
import type { Command } from "commander";
import { type BulkRequest, createBulkActionClient } from "../api/bulk-actions.ts";
import { createApiClient } from "../api/client.ts";
import { type Credentials, credentialsHere } from "../api/credentials.ts";
import type { RunFilter } from "../api/run-filter.ts";
import { createScheduleClient } from "../api/schedules.ts";
import { CommandError } from "../command-error.ts";
import { followBulkAction } from "../follow-bulk-action.ts";
import { misspeltNames } from "../misspelt-names.ts";
import { onceStopped } from "../stop-signals.ts";
import { renderEndedBulkAction, renderStillWorks } from "../terminal/bulk-action.ts";
import { createBulkProgress } from "../terminal/bulk-progress.ts";
import { renderDryRun, renderNoMatch, renderUndone, sentenceOf } from "../terminal/matching-runs.ts";
import { createOutput } from "../terminal/output.ts";
import { canAsk, confirm } from "../terminal/question.ts";
import { addRunFilterOptions, type RunFilterFlags, readRunFilter } from "./run-filter-options.ts";

/** The options of a command that acts on the runs that match. */
export interface MatchingFlags extends RunFilterFlags {
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
  readonly name?: string;
  readonly json?: boolean;
}

const sampleSize = 10;

const unfinishedStatuses: readonly string[] = publicStatuses.filter((status) => !statusFlags(status).isCompleted);

/**
 * Gives a command the options that say which runs it is about, and how to go about it.
 *
 * @param command - the command
 * @returns the command
 */
export function addMatchingOptions(command: Command): Command {
  return addRunFilterOptions(command)
    .option("--all", "every run of the environment")
    .option("--dry-run", "only show how many runs match, and the newest of them")
    .option("-y, --yes", "do not ask")
    .option("--name <name>", "a name for the bulk action, for 'pawl bulk'");
}

/**
 * Whether options say which runs are meant.
 *
 * @param flags - of the command
 * @returns false when runs have to be named by their ids
 */
export function meansMatching(flags: MatchingFlags): boolean {
  const { all, status, task, queue, tag, version, schedule, batch, bulk, period, from, to } = flags;
  const filters = [status, task, queue, tag, version, schedule, batch, bulk, period, from, to];
  return all === true || filters.some((filter) => filter !== undefined);
}

/**
 * Cancels or replays the runs that match, through a bulk action: says how many there are, asks, and follows it to its end.
 *
 * @param action - what to do with them
 * @param flags - which runs, and how to go about it
 * @throws CommandError when nobody can be asked and `--yes` is missing
 */
export async function actOnMatching(action: BulkRequest["action"], flags: MatchingFlags): Promise<void> {
  const output = createOutput(flags);
  const credentials = await credentialsHere();
  const bulk = createBulkActionClient(credentials);
  const request = { action, filter: await filterOf(flags, credentials), name: flags.name };
  const [count, sample] = await Promise.all([
    bulk.count(request),
    createApiClient(credentials).listRuns(actedOn(request), sampleSize),
  ]);
  if (flags.dryRun === true) {
    output.lines(renderDryRun(action, count, sample));
    output.json({ ...count, sample: sample.data });
    return;
  }
  if (count.count === 0) {
    output.lines(renderNoMatch(action));
    if (!output.isJson) output.lines(await misspeltNames(request.filter, credentials));
    output.json({ ...count, sample: [] });
    return;
  }
  const sentence = sentenceOf(action, count, sample.data[0]?.env.name);
  if (flags.yes !== true && !(await isWanted(sentence))) {
    process.stderr.write(`${renderUndone().join("\n")}\n`);
    process.exitCode = 1;
    return;
  }
  const ended = await follow(credentials, await bulk.start(request), output.isJson);
  output.lines(renderEndedBulkAction(ended));
  output.json(ended);
  if (ended.status !== "COMPLETED") process.exitCode = 1;
}

/** Of the runs that match, those that something can be done to: what has finished can't be cancelled any more. */
function actedOn({ action, filter }: BulkRequest): RunFilter {
  if (action === "replay") return filter;
  const { statuses = unfinishedStatuses } = filter;
  const unfinished = statuses.filter((status) => unfinishedStatuses.some((known) => known === status));
  return { ...filter, statuses: unfinished.length === 0 ? unfinishedStatuses : unfinished };
}

async function filterOf(flags: MatchingFlags, credentials: Credentials) {
  const { all, ...filters } = flags;
  if (all === true && meansMatching(filters)) {
    throw new CommandError("--all means every run: leave it out, or the other options that say which runs.");
  }
  const schedules = createScheduleClient(credentials);
  return readRunFilter(filters, async (name) => (await schedules.find(name)).id);
}

async function isWanted(sentence: string): Promise<boolean> {
  if (!canAsk()) {
    throw new CommandError(
      `${sentence} There is no terminal to ask on: add --yes to go on, or --dry-run to look at the runs first.`,
    );
  }
  return (await confirm(`${sentence} Go on?`)) === "yes";
}

/** Shows how far it is; Ctrl-C leaves it to itself. */
async function follow(credentials: Credentials, id: string, isJson: boolean): Promise<BulkActionObject> {
  const progress = createBulkProgress(isJson);
  void onceStopped().then(() => {
    progress.end();
    process.stderr.write(`${renderStillWorks(id).join("\n")}\n`);
    process.exit(130);
  });
  try {
    return await followBulkAction(createBulkActionClient(credentials), id, progress.show);
  } finally {
    progress.end();
  }
}
