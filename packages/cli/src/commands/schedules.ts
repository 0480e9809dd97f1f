import { Command } from "commander";
import { credentialsHere } from "../api/credentials.ts";
import { createScheduleClient, scheduleName } from "../api/schedules.ts";
import { CommandError } from "../command-error.ts";
import { createOutput } from "../terminal/output.ts";
import { canAsk, confirm } from "../terminal/question.ts";
import {
  renderChangedSchedule,
  renderDeletedSchedule,
  renderSchedulePage,
  renderScheduleTable,
} from "../terminal/schedules.ts";
import { numberFrom } from "./number-argument.ts";
import { createScheduleCommand, scheduleArgument, updateScheduleCommand } from "./schedule-rules.ts";

interface Flags {
  readonly json?: boolean;
}

/**
 * `pawl schedules`: what runs by itself, and when.
 *
 * @returns the command
 */
export function schedulesCommand(): Command {
  return lists(new Command("schedules").description("List schedules; make, change, stop and delete them."))
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl schedules\n  $ pawl schedules create report '0 9 * * 1-5' --key report-acme --timezone Europe/Berlin\n  $ pawl schedules deactivate report-acme",
    )
    .addCommand(listCommand())
    .addCommand(showCommand())
    .addCommand(createScheduleCommand())
    .addCommand(updateScheduleCommand())
    .addCommand(activeCommand("activate", "Let a schedule run its task again, from its next time on."))
    .addCommand(activeCommand("deactivate", "Stop a schedule; what it has started goes on."))
    .addCommand(deleteCommand());
}

function listCommand(): Command {
  return lists(new Command("list").description("List schedules: what they run, when, and when next.")).addHelpText(
    "after",
    "\nExample:\n  $ pawl schedules list",
  );
}

function lists(command: Command): Command {
  return command
    .option("-p, --page <number>", "which page of 100 schedules", numberFrom(1), 1)
    .option("--json", "print one JSON value a line, for programs")
    .action(async (flags: Flags & { readonly page: number }) => {
      const output = createOutput(flags);
      const list = await createScheduleClient(await credentialsHere()).list(flags.page);
      output.lines(renderScheduleTable(list, new Date()));
      for (const schedule of list.data) output.json(schedule);
    });
}

function showCommand(): Command {
  return new Command("show")
    .description("Show a schedule: its rule, its zone, and when it runs next.")
    .argument("<schedule>", scheduleArgument)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl schedules show report-acme")
    .action(async (name: string, flags: Flags) => {
      const output = createOutput(flags);
      const schedule = await createScheduleClient(await credentialsHere()).find(name);
      output.lines(renderSchedulePage(schedule, new Date()));
      output.json(schedule);
    });
}

function activeCommand(verb: "activate" | "deactivate", description: string): Command {
  return new Command(verb)
    .description(description)
    .argument("<schedule>", scheduleArgument)
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", `\nExample:\n  $ pawl schedules ${verb} report-acme`)
    .action(async (name: string, flags: Flags) => {
      const output = createOutput(flags);
      const schedules = createScheduleClient(await credentialsHere());
      const { id } = await schedules.find(name);
      const schedule = await schedules.setActive(id, verb === "activate");
      output.lines(renderChangedSchedule(schedule, new Date()));
      output.json(schedule);
    });
}

function deleteCommand(): Command {
  return new Command("delete")
    .description("Delete a schedule that was made by a call; one in code is deleted there. Asks first.")
    .argument("<schedule>", scheduleArgument)
    .option("-y, --yes", "do not ask")
    .option("--json", "print one JSON value, for programs")
    .addHelpText("after", "\nExample:\n  $ pawl schedules delete report-acme --yes")
    .action(remove);
}

async function remove(name: string, flags: Flags & { readonly yes?: boolean }): Promise<void> {
  const output = createOutput(flags);
  const schedules = createScheduleClient(await credentialsHere());
  const schedule = await schedules.find(name);
  if (flags.yes !== true && schedule.type === "IMPERATIVE") {
    const sentence = `This deletes the schedule ${scheduleName(schedule)} of ${schedule.task}.`;
    if (!canAsk()) throw new CommandError(`${sentence} There is no terminal to ask on: add --yes to go on.`);
    if ((await confirm(`${sentence} Go on?`)) !== "yes") {
      process.stderr.write("Nothing was done.\n");
      process.exitCode = 1;
      return;
    }
  }
  await schedules.delete(schedule.id); // the server says where one that is declared in code is deleted
  output.lines(renderDeletedSchedule(schedule));
  output.json({ id: schedule.id });
}
