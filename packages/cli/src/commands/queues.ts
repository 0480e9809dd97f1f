import { Command, InvalidArgumentError } from "commander";
import { findCredentials } from "../api/credentials.ts";
import { createQueueClient, type QueueClient } from "../api/queues.ts";
import { createOutput } from "../terminal/output.ts";
import { renderChangedQueue, renderQueueTable } from "../terminal/queue-table.ts";

interface Flags {
  readonly json?: boolean;
}

const queueArgument = "the queue's name, task/<id> for a task's own, or its id, queue_…";

/**
 * `pawl queues`: what waits in them, and the limits and pauses of an operator.
 *
 * @returns the command
 */
export function queuesCommand(): Command {
  return new Command("queues")
    .description("List queues; pause, resume and limit them.")
    .addHelpText("after", "\nExample:\n  $ pawl queues\n  $ pawl queues list --json\n  $ pawl queues pause emails")
    .addCommand(listCommand(), { isDefault: true })
    .addCommand(changeCommand("pause", "Let no run of a queue start; those that execute go on to their end."))
    .addCommand(changeCommand("resume", "Let the runs of a paused queue start again."))
    .addCommand(limitCommand());
}

function listCommand(): Command {
  return new Command("list")
    .description("List queues with their limits and how many runs wait and execute.")
    .option("-p, --page <number>", "which page of 100 queues", page, 1)
    .option("--json", "print one JSON value a line, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl queues list")
    .action(list);
}

function changeCommand(name: "pause" | "resume", description: string): Command {
  return new Command(name)
    .description(description)
    .argument("<queue>", queueArgument)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", `\nExample:\n  $ pawl queues ${name} emails`)
    .action((queue: string, flags: Flags) => change(flags, (queues) => queues.setPaused(queue, name === "pause")));
}

function limitCommand(): Command {
  return new Command("limit")
    .description("Change at once how many runs of a queue, or of each of its keys, may execute; 'reset' undoes it.")
    .argument("<queue>", queueArgument)
    .argument("<limit>", "a whole number from 0, or 'reset' for the limit that the code says", limit)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl queues limit emails 5\n  $ pawl queues limit emails reset")
    .action((queue: string, wanted: number | "reset", flags: Flags) =>
      change(flags, (queues) => queues.setLimit(queue, wanted === "reset" ? null : wanted)),
    );
}

async function list(flags: Flags & { readonly page: number }): Promise<void> {
  const output = createOutput(flags);
  const queues = createQueueClient(await findCredentials({ env: process.env, dir: process.cwd() }));
  const found = await queues.list(flags.page);
  output.lines(renderQueueTable(found));
  for (const queue of found.data) output.json(queue);
}

async function change(
  flags: Flags,
  make: (queues: QueueClient) => ReturnType<QueueClient["setPaused"]>,
): Promise<void> {
  const output = createOutput(flags);
  const queue = await make(createQueueClient(await findCredentials({ env: process.env, dir: process.cwd() })));
  output.lines(renderChangedQueue(queue));
  output.json(queue);
}

function limit(text: string): number | "reset" {
  if (text === "reset") return text;
  const wanted = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(wanted)) return wanted;
  throw new InvalidArgumentError("Give a whole number from 0, or reset.");
}

function page(text: string): number {
  const number = Number(text);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new InvalidArgumentError("Give a number from 1.");
}
