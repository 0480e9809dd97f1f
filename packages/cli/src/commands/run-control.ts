import { delaySchema } from "@pawl/contract/api/trigger";
import { Command, InvalidArgumentError } from "commander";
import { createApiClient } from "../api/client.ts";
import { findCredentials } from "../api/credentials.ts";
import { readPayload } from "../payload-argument.ts";
import { createOutput } from "../terminal/output.ts";
import { renderReplayedRun, renderRunLine } from "../terminal/run-line.ts";

interface Flags {
  readonly json?: boolean;
}

const idArgument = "the run's id, run_…";

/**
 * `pawl runs cancel`.
 *
 * @returns the command
 */
export function cancelCommand(): Command {
  return new Command("cancel")
    .description("Cancel runs and their unfinished children; code that executes is given 30 s for its onCancel.")
    .argument("<ids...>", "the runs' ids, run_…")
    .option("--json", "print one JSON value a line, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl runs cancel run_06a4…")
    .action((ids: readonly string[], _flags: unknown, command: Command) => cancel(ids, command.optsWithGlobals()));
}

/**
 * `pawl runs replay`.
 *
 * @returns the command
 */
export function replayCommand(): Command {
  return new Command("replay")
    .description("Trigger a run again with its payload and options, on the current version unless told otherwise.")
    .argument("<id>", idArgument)
    .option("-p, --payload <json>", "another payload as JSON; @file reads a file, @- standard input")
    .option("--on-version <label>", "the version to execute with, such as 20260102.1")
    .option("--json", "print one JSON value, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl runs replay run_06a4…\n  $ pawl runs replay run_06a4… --payload @fixed.json",
    )
    .action((id: string, _flags: unknown, command: Command) => replay(id, command.optsWithGlobals()));
}

/**
 * `pawl runs reschedule`.
 *
 * @returns the command
 */
export function rescheduleCommand(): Command {
  return new Command("reschedule")
    .description("Give a delayed run another time.")
    .argument("<id>", idArgument)
    .argument("<when>", "from now, such as 2h or 1d12h, or an ISO date", time)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl runs reschedule run_06a4… 2h")
    .action((id: string, when: string, _flags: unknown, command: Command) =>
      reschedule(id, when, command.optsWithGlobals()),
    );
}

async function cancel(ids: readonly string[], flags: Flags): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await findCredentials({ env: process.env, dir: process.cwd() }));
  for (const id of ids) {
    await api.cancelRun(id);
    const run = await api.retrieveRun(id);
    output.lines(renderRunLine(run));
    output.json(run);
  }
}

async function replay(
  id: string,
  flags: Flags & { readonly payload?: string; readonly onVersion?: string },
): Promise<void> {
  const output = createOutput(flags);
  const payload = await readPayload(flags.payload, process.stdin);
  const api = createApiClient(await findCredentials({ env: process.env, dir: process.cwd() }));
  const newId = await api.replayRun(id, { payload, version: flags.onVersion });
  output.lines(renderReplayedRun(id, newId));
  output.json({ id: newId });
}

async function reschedule(id: string, when: string, flags: Flags): Promise<void> {
  const output = createOutput(flags);
  const api = createApiClient(await findCredentials({ env: process.env, dir: process.cwd() }));
  const run = await api.rescheduleRun(id, when);
  output.lines(renderRunLine(run));
  output.json(run);
}

function time(text: string): string {
  if (delaySchema.safeParse(text).success) return text;
  throw new InvalidArgumentError("Give a duration from now, such as 2h or 1d12h, or an ISO date.");
}
