import type { ScheduleObject } from "@pawl/contract/api/schedules";
import { type CatchUp, catchUpSchema, type Overlap, overlapSchema, windowSchema } from "@pawl/contract/schedule";
import { Command, InvalidArgumentError, Option } from "commander";
import { createApiClient } from "../api/client.ts";
import { credentialsHere } from "../api/credentials.ts";
import { createScheduleClient, type ScheduleRule } from "../api/schedules.ts";
import { CommandError } from "../command-error.ts";
import { refuseUnknownTask } from "../known-task.ts";
import { createOutput } from "../terminal/output.ts";
import { renderChangedSchedule } from "../terminal/schedules.ts";

/** What the commands say of how to name a schedule. */
export const scheduleArgument = "its key, the task that declares it, or its id, sched_…";

interface RuleFlags {
  readonly timezone?: string;
  /** False: none any more. */
  readonly externalId?: string | false;
  readonly window?: string | false;
  readonly catchUp?: CatchUp;
  readonly overlap?: Overlap;
  readonly json?: boolean;
}

/**
 * `pawl schedules create`.
 *
 * @returns the command
 */
export function createScheduleCommand(): Command {
  const command = new Command("create")
    .description("Make a schedule for a task; one with the same key becomes what this says.")
    .argument("<task>", "the id of a scheduled task")
    .argument("<cron>", "five fields, or six with seconds first, such as '0 9 * * 1-5'")
    .requiredOption("-k, --key <key>", "its name in the environment, by which it is found again");
  return addRuleOptions(command)
    .option("--json", "print one JSON value, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl schedules create report '0 9 * * 1-5' --key report-acme\n  $ pawl schedules create report @daily --key report-acme --timezone Europe/Berlin --external-id acme --window 30m",
    )
    .action(create);
}

interface UpdateFlags extends RuleFlags {
  readonly cron?: string;
  readonly task?: string;
}

/**
 * `pawl schedules update`.
 *
 * @returns the command
 */
export function updateScheduleCommand(): Command {
  const command = new Command("update")
    .description("Change a schedule that was made by a call; what is not said stays as it is.")
    .argument("<schedule>", scheduleArgument)
    .option("--cron <cron>", "other times")
    .option("-t, --task <id>", "another task");
  return addRuleOptions(command)
    .option("--no-external-id", "without an id of yours")
    .option("--no-window", "at its exact times")
    .option("--json", "print one JSON value, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl schedules update report-acme --cron '30 8 * * *'\n  $ pawl schedules update report-acme --timezone America/New_York --no-window",
    )
    .action(update);
}

function addRuleOptions(command: Command): Command {
  return command
    .option("--timezone <zone>", "an IANA name such as Europe/Berlin; without one: UTC")
    .option("--external-id <id>", "an id of yours that the runs get")
    .option("--window <length>", "spread the starts over so long, such as 30m or 25%", window)
    .addOption(choice("--catch-up <which>", "what becomes of times that were missed", catchUpSchema.options))
    .addOption(choice("--overlap <how>", "what becomes of a time while an earlier run goes on", overlapSchema.options));
}

function choice(flags: string, description: string, values: readonly string[]): Option {
  return new Option(flags, description).choices(values);
}

async function create(task: string, cron: string, flags: RuleFlags & { readonly key: string }): Promise<void> {
  const output = createOutput(flags);
  const credentials = await credentialsHere();
  refuseUnknownTask(task, await createApiClient(credentials).listTasks(), { hasAnyway: false });
  const schedule = await createScheduleClient(credentials).create({
    ...ruleOf({ task, cron }, flags),
    deduplicationKey: flags.key,
  });
  output.lines(renderChangedSchedule(schedule, new Date()));
  output.json(schedule);
}

async function update(name: string, flags: UpdateFlags): Promise<void> {
  const { json: _json, ...changes } = flags;
  if (Object.keys(changes).length === 0) {
    throw new CommandError(
      "Say what to change: --cron, --timezone, --task, --external-id, --window, --catch-up, --overlap.",
    );
  }
  const output = createOutput(flags);
  const credentials = await credentialsHere();
  const schedules = createScheduleClient(credentials);
  const before = await schedules.find(name);
  const task = flags.task ?? before.task;
  if (flags.task !== undefined) {
    refuseUnknownTask(task, await createApiClient(credentials).listTasks(), { hasAnyway: false });
  }
  const rule = ruleOf({ ...ruleBefore(before), task, cron: flags.cron ?? before.generator.expression }, flags);
  const schedule = await schedules.update(before.id, rule);
  output.lines(renderChangedSchedule(schedule, new Date()));
  output.json(schedule);
}

function ruleBefore({ timezone, externalId, window, catchUp, overlap }: ScheduleObject) {
  return {
    timezone,
    ...(externalId === null ? {} : { externalId }),
    ...(window === undefined ? {} : { window }),
    catchUp,
    overlap,
  };
}

/** A rule with what the options say in place of what it says itself. */
function ruleOf(rule: ScheduleRule, { timezone, externalId, window, catchUp, overlap }: RuleFlags): ScheduleRule {
  return {
    ...rule,
    ...(timezone === undefined ? {} : { timezone }),
    ...(externalId === undefined ? {} : { externalId: externalId === false ? null : externalId }),
    ...(window === undefined ? {} : { window: window === false ? null : window }),
    ...(catchUp === undefined ? {} : { catchUp }),
    ...(overlap === undefined ? {} : { overlap }),
  };
}

function window(text: string): string {
  const parsed = windowSchema.safeParse(text);
  if (parsed.success) return text;
  throw new InvalidArgumentError("Give whole minutes or hours of at most 24h, such as 30m, or a share such as 25%.");
}
