import type { RateLimitInput } from "@pawl/contract/rate-limit";
import { Command, InvalidArgumentError } from "commander";
import { credentialsHere } from "../api/credentials.ts";
import { createQueueClient, type QueueClient, type RateOverride } from "../api/queues.ts";
import { CommandError } from "../command-error.ts";
import { readRate } from "../rate-argument.ts";
import { createOutput } from "../terminal/output.ts";
import { renderChangedQueue, renderQueueTable } from "../terminal/queue-table.ts";
import { numberFrom } from "./number-argument.ts";
import { watch } from "./watch.ts";

interface Flags {
  readonly json?: boolean;
}

const queueArgument = "the queue's name, task/<id> for a task's own, or its id, queue_…";

/**
 * `pawl queues`: what waits in them, and the limits, rates and pauses of an operator.
 *
 * @returns the command
 */
export function queuesCommand(): Command {
  const command = new Command("queues").description("List queues, live with --watch; pause, resume and limit them.");
  return lists(command)
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl queues\n  $ pawl queues --watch\n  $ pawl queues pause emails\n  $ pawl queues limit emails 5",
    )
    .addCommand(listCommand())
    .addCommand(changeCommand("pause", "Let no run of a queue start; those that execute go on to their end."))
    .addCommand(changeCommand("resume", "Let the runs of a paused queue start again."))
    .addCommand(limitCommand())
    .addCommand(rateCommand());
}

function listCommand(): Command {
  const command = new Command("list").description(
    "List queues: how many runs execute of how many may, how many wait, and what holds them back.",
  );
  return lists(command).addHelpText("after", "\nExample:\n  $ pawl queues list\n  $ pawl queues list --watch");
}

function lists(command: Command): Command {
  return command
    .option("-p, --page <number>", "which page of 100 queues", numberFrom(1), 1)
    .option("-w, --watch", "draw the table again each second, until Ctrl-C; without a terminal it is printed once")
    .option("--json", "print one JSON value a line, for programs")
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
    .description("Change at once how many runs of a queue, or of each of its keys, may execute.")
    .argument("<queue>", queueArgument)
    .argument("[limit]", "a whole number from 0, or 'reset'", limit)
    .option("--reset", "back to the limit that the code says")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl queues limit emails 5\n  $ pawl queues limit emails --reset")
    .action((queue: string, wanted: number | "reset" | undefined, flags: Flags & { readonly reset?: boolean }) => {
      const isReset = flags.reset === true || wanted === "reset";
      if (isReset === (typeof wanted === "number")) {
        throw new CommandError("Give a limit, such as 5, or --reset for the one that the code says.");
      }
      return change(flags, (queues) => queues.setLimit(queue, typeof wanted === "number" ? wanted : null));
    });
}

interface RateFlags extends Flags {
  readonly burst?: number;
  readonly combined?: RateLimitInput | null;
  readonly reset?: boolean;
}

function rateCommand(): Command {
  return new Command("rate")
    .description("Change at once how many runs of a queue, or of each of its keys, may start in a time.")
    .argument("<queue>", queueArgument)
    .argument("[rate]", "such as 100/1m or 10/1s; 'none' lifts it", readRate)
    .option(
      "--burst <count>",
      "how many of them may start at once; default: one, or a tenth of a second's worth where that is more",
      numberFrom(1),
    )
    .option("--combined <rate>", "the rate of all concurrency keys together", readRate)
    .option("--reset", "back to the rates that the code says")
    .option("--json", "print one JSON value, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl queues rate emails 100/1m\n  $ pawl queues rate emails 100/1m --burst 10 --combined 500/1m\n  $ pawl queues rate emails --reset",
    )
    .action((queue: string, rate: RateLimitInput | null | undefined, flags: RateFlags) =>
      change(flags, (queues) => queues.setRates(queue, ratesOf(rate, flags))),
    );
}

function ratesOf(rate: RateLimitInput | null | undefined, { burst, combined, reset }: RateFlags): RateOverride | null {
  const isChange = rate !== undefined || combined !== undefined;
  if (isChange === (reset === true)) {
    throw new CommandError("Give a rate, such as 100/1m, or --reset for the one that the code says.");
  }
  if (burst !== undefined && (rate === undefined || rate === null || burst > rate.limit)) {
    throw new CommandError("A burst needs a rate of at least as many runs, such as 100/1m --burst 10.");
  }
  if (!isChange) return null;
  const withBurst = rate === null || burst === undefined ? rate : { ...rate, burst };
  return {
    ...(withBurst === undefined ? {} : { rateLimit: withBurst as RateLimitInput | null }),
    ...(combined === undefined ? {} : { combinedRateLimit: combined }),
  };
}

async function list(flags: Flags & { readonly page: number; readonly watch?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const queues = createQueueClient(await credentialsHere());
  if (flags.watch === true && process.stdout.isTTY && !output.isJson) {
    return watch(async () => renderQueueTable(await queues.list(flags.page)));
  }
  const found = await queues.list(flags.page);
  output.lines(renderQueueTable(found));
  for (const queue of found.data) output.json(queue);
}

async function change(
  flags: Flags,
  make: (queues: QueueClient) => ReturnType<QueueClient["setPaused"]>,
): Promise<void> {
  const output = createOutput(flags);
  const queue = await make(createQueueClient(await credentialsHere()));
  output.lines(renderChangedQueue(queue));
  output.json(queue);
}

function limit(text: string): number | "reset" {
  if (text === "reset") return text;
  const wanted = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(wanted)) return wanted;
  throw new InvalidArgumentError("Give a whole number from 0, or reset.");
}
