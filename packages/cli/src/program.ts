import { readFileSync } from "node:fs";
import { Command } from "commander";
import pc from "picocolors";
import { z } from "zod";
import { bulkCommand } from "./commands/bulk.ts";
import { checkCommand } from "./commands/check.ts";
import { devCommand } from "./commands/dev.ts";
import { doctorCommand } from "./commands/doctor.ts";
import { explainCommand } from "./commands/explain.ts";
import { queuesCommand } from "./commands/queues.ts";
import { runsCommand } from "./commands/runs.ts";
import { schedulesCommand } from "./commands/schedules.ts";
import { serverCommand } from "./commands/server.ts";
import { tokenCommand } from "./commands/token.ts";
import { triggerCommand } from "./commands/trigger.ts";
import { workerCommand } from "./commands/worker.ts";
import { refuseUnknownCommand } from "./refuse-unknown-command.ts";

/**
 * Puts the commands together.
 *
 * @returns the program, which parses arguments and runs a command
 */
export function createProgram(): Command {
  const program = new Command("pawl")
    .description("Background tasks in plain async TypeScript, on one Postgres.")
    .version(ownVersion(), "-v, --version", "print the version")
    .helpOption("-h, --help", "explain a command")
    .enablePositionalOptions() // so that a command has a --version of its own, and "runs cancel" other options than "runs"
    .hook("preAction", (_program, command) => {
      // "pawl runs --json show …" means the same as "pawl runs show … --json".
      if (command.optsWithGlobals().json === true) command.setOptionValue("json", true);
      refuseUnknownCommand(command);
    })
    .showHelpAfterError("(add --help for the options)")
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, `${pc.red("✖")} `)) })
    .addHelpText(
      "after",
      '\nBegin in a folder with tasks in "trigger/":\n  $ pawl dev\n  $ pawl trigger greeting.hello.say --payload \'{"name":"Ada"}\' --wait',
    );
  for (const command of [
    devCommand(),
    triggerCommand(),
    runsCommand(),
    explainCommand(),
    queuesCommand(),
    schedulesCommand(),
    bulkCommand(),
    tokenCommand(),
    checkCommand(),
    doctorCommand(),
    serverCommand(),
    workerCommand(),
  ]) {
    program.addCommand(command);
  }
  inheritSettings(program);
  return program;
}

/** What is said of help and errors holds for every command. */
function inheritSettings(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    command.allowExcessArguments(command.commands.length > 0); // looked at before it is executed
    inheritSettings(command);
  }
}

function ownVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}
