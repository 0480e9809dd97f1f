import { delaySchema } from "@pawl/contract/api/trigger";
import { Command, InvalidArgumentError } from "commander";
import { createApiClient } from "../api/client.ts";
import { credentialsHere } from "../api/credentials.ts";
import { CommandError } from "../command-error.ts";
import { readPayload } from "../payload-argument.ts";
import { createOutput } from "../terminal/output.ts";
import { renderReplayedRun, renderRunLine } from "../terminal/run-line.ts";
import { actOnMatching, addMatchingOptions, type MatchingFlags, meansMatching } from "./matching-runs.ts";

interface Flags {
  readonly json?: boolean;
}

/**
 * `pawl runs cancel`.
 *
 * @returns the command
 */
export function cancelCommand(): Command {
  const command = new Command("cancel")
    .description(
      "Cancel runs and their unfinished children; code that executes is given 30 s for its onCancel. Name the runs, or say with options which ones.",
    )
    .argument("[ids...]", "the runs' ids, run_…");
  return addMatchingOptions(command)
    .option("--json", "print one JSON value a line, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl runs cancel run_06a4…\n  $ pawl runs cancel --task mail.send --status queued --dry-run\n  $ pawl runs cancel --queue imports --period 1h --yes",
    )
    .action(cancel);
}

interface ReplayFlags extends Flags, MatchingFlags {
  readonly payload?: string;
  readonly onVersion?: string;
}

/**
 * `pawl runs replay`.
 *
 * @returns the command
 */
export function replayCommand(): Command {
  const command = new Command("replay")
    .description(
      "Trigger runs again with their payload and options, on the current version unless told otherwise. Name the runs, or say with options which ones.",
    )
    .argument("[ids...]", "the runs' ids, run_…")
    .option("-p, --payload <json>", "another payload as JSON; @file reads a file, @- standard input")
    .option("--on-version <label>", "the version to execute with, such as 20260102.1");
  return addMatchingOptions(command)
    .option("--json", "print one JSON value a line, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl runs replay run_06a4…\n  $ pawl runs replay run_06a4… --payload @fixed.json\n  $ pawl runs replay --task mail.send --status failed --from 2026-01-02 --dry-run",
    )
    .action(replay);
}

/**
 * `pawl runs reschedule`.
 *
 * @returns the command
 */
export function rescheduleCommand(): Command {
  return new Command("reschedule")
    .description("Give a delayed run another time.")
    .argument("<id>", "the run's id, run_…")
    .argument("<when>", "from now, such as 2h or 1d12h, or an ISO date", time)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl runs reschedule run_06a4… 2h")
    .action(reschedule);
}

async function cancel(ids: readonly string[], flags: Flags & MatchingFlags): Promise<void> {
  if (refuseBoth("cancel", ids, flags)) return actOnMatching("cancel", flags);
  const output = createOutput(flags);
  const api = createApiClient(await credentialsHere());
  for (const id of ids) {
    await api.cancelRun(id);
    const run = await api.retrieveRun(id);
    output.lines(renderRunLine(run));
    output.json(run);
  }
}

async function replay(ids: readonly string[], flags: ReplayFlags): Promise<void> {
  if (refuseBoth("replay", ids, flags)) {
    if (flags.payload === undefined && flags.onVersion === undefined) return actOnMatching("replay", flags);
    throw new CommandError("--payload and --on-version are for runs that are named by their ids: leave them out.");
  }
  const output = createOutput(flags);
  const payload = await readPayload(flags.payload, process.stdin);
  const api = createApiClient(await credentialsHere());
  for (const id of ids) {
    const newId = await api.replayRun(id, { payload, version: flags.onVersion });
    output.lines(renderReplayedRun(id, newId));
    output.json({ id: newId });
  }
}

async function reschedule(id: string, when: string, flags: Flags): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await credentialsHere());
  const run = await api.rescheduleRun(id, when);
  output.lines(renderRunLine(run));
  output.json(run);
}

/** Says whether the options tell which runs are meant; both and neither are refused. */
function refuseBoth(action: "cancel" | "replay", ids: readonly string[], flags: MatchingFlags): boolean {
  const isMatching = meansMatching(flags);
  if (isMatching && ids.length > 0) {
    throw new CommandError("Name runs by their ids, or say with options which ones, not both.");
  }
  if (!isMatching && ids.length === 0) {
    throw new CommandError(
      `Say which runs: give their ids, or options such as --task and --status, or --all to ${action} every run.`,
    );
  }
  return isMatching;
}

function time(text: string): string {
  if (delaySchema.safeParse(text).success) return text;
  throw new InvalidArgumentError("Give a duration from now, such as 2h or 1d12h, or an ISO date.");
}
