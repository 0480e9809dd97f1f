import { parseDuration } from "@pawl/contract/duration";
import { publicStatuses } from "@pawl/contract/run-state";
import { type Command, InvalidArgumentError } from "commander";
import type { RunFilter } from "../api/run-filter.ts";

const statusNames = publicStatuses.join(", ").toLowerCase();

/** What the options of {@link addRunFilterOptions} give. */
export interface RunFilterFlags {
  readonly status?: readonly string[];
  readonly task?: readonly string[];
  readonly queue?: readonly string[];
  readonly tag?: readonly string[];
  readonly version?: readonly string[];
  readonly schedule?: string;
  readonly batch?: string;
  readonly bulk?: string;
  readonly period?: string;
  readonly from?: Date;
  readonly to?: Date;
}

/**
 * Gives a command the options that say which runs are meant.
 *
 * @param command - the command
 * @returns the command
 */
export function addRunFilterOptions(command: Command): Command {
  return command
    .option("-s, --status <status>", `only these, joined by commas: ${statusNames}`, statuses)
    .option("-t, --task <id>", "only runs of these tasks, joined by commas", texts)
    .option("-q, --queue <name>", "only runs in these queues, joined by commas; task/<id> for a task's own", texts)
    .option("--tag <tag>", "only runs with one of these tags, joined by commas", texts)
    .option("--version <label>", "only runs of these versions, joined by commas", texts)
    .option("--schedule <schedule>", "only runs of this schedule: its id, its key, or the task that declares it")
    .option("--batch <id>", "only runs of this batch, batch_…")
    .option("--bulk <id>", "only runs that this bulk action has cancelled or made, bulk_…")
    .option("--period <duration>", "only runs made in so long until now, such as 30m or 7d", duration)
    .option("--from <time>", "only runs made at this time or later, such as 2026-01-02 or 2026-01-02T15:00", time)
    .option("--to <time>", "only runs made until this time", time);
}

/**
 * Reads which runs are meant.
 *
 * @param flags - of the command
 * @param scheduleIdOf - finds the id of the schedule that is named
 * @returns the filter, empty when none of the options was given
 */
export async function readRunFilter(
  flags: RunFilterFlags,
  scheduleIdOf: (name: string) => Promise<string>,
): Promise<RunFilter> {
  const { status, task, queue, tag, version, batch, period, from, to } = flags;
  return {
    statuses: status,
    taskIds: task,
    queues: queue,
    tags: tag,
    versions: version,
    schedule: flags.schedule === undefined ? undefined : await scheduleIdOf(flags.schedule),
    batch,
    bulkAction: flags.bulk,
    period,
    from,
    to,
  };
}

/** An option that is given twice adds to what it had. */
function texts(text: string, before: readonly string[] = []): readonly string[] {
  const all = [...before, ...text.split(",").filter((part) => part !== "")];
  if (all.length > 0) return all;
  throw new InvalidArgumentError("Give a name, or several joined by commas.");
}

function statuses(text: string, before: readonly string[] = []): readonly string[] {
  const wanted = texts(text).map((part) => part.toUpperCase().replaceAll("-", "_"));
  const unknown = wanted.find((status) => !publicStatuses.some((known) => known === status));
  if (unknown === undefined) return [...before, ...wanted];
  throw new InvalidArgumentError(`There is no status ${unknown.toLowerCase()}: choose of ${statusNames}.`);
}

function duration(text: string): string {
  if ((parseDuration(text) ?? 0) > 0) return text;
  throw new InvalidArgumentError("Give a duration such as 30m, 12h or 7d.");
}

/** A day, or a time without a zone, is one of this machine, as the times that are shown are. */
function time(text: string): Date {
  const at = new Date(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (/^\d{4}-/.test(text) && !Number.isNaN(at.getTime())) return at;
  throw new InvalidArgumentError("Give a date such as 2026-01-02, or a time such as 2026-01-02T15:00.");
}
