import { resolve } from "node:path";
import { Command } from "commander";
import { loadEnvironmentFile } from "../environment-file.ts";
import { onceStopped } from "../stop-signals.ts";
import { createEventWriter, type EventWriter } from "../terminal/event-writer.ts";
import { portOption } from "./port-option.ts";

interface DevFlags {
  readonly port: number;
  readonly json?: boolean;
}

const graceMs = 10_000;

/**
 * `pawl dev`: everything that a project needs on a developer's machine, until Ctrl-C.
 *
 * @returns the command
 */
export function devCommand(): Command {
  return new Command("dev")
    .description("Run your tasks on this machine: server, Postgres and worker, reloading on each change.")
    .argument("[folder]", "the project", ".")
    .addOption(portOption())
    .option("--json", "print each event as one JSON value a line, for programs")
    .addHelpText(
      "after",
      "\nWhere nobody asks for a port with --port or PORT and 3030 is taken, a free one is used.\nWith TRIGGER_API_URL and TRIGGER_SECRET_KEY set, the server there is used instead of an own one.\n\nExample:\n  $ pawl dev\n  $ pawl dev ./my-project --port 4000",
    )
    .action(dev);
}

async function dev(folder: string, flags: DevFlags, command: Command): Promise<void> {
  // Before the project's .env is read, whose PORT is that of the app.
  const port = command.getOptionValueSource("port") === "default" ? null : flags.port;
  loadEnvironmentFile(resolve(folder));
  const events = createEventWriter(flags);
  try {
    await run(folder, port, events);
  } finally {
    await events.flush();
  }
  process.exit(0);
}

async function run(folder: string, port: number | null, { tell }: EventWriter): Promise<void> {
  if ((process.env.TRIGGER_API_URL ?? "") === "") tell({ type: "server_starting" });
  const { startDev } = await import("../dev/dev-session.ts"); // with it come the bundler and the worker
  const session = startDev({ dir: folder, port, env: process.env, onEvent: tell });
  const asked = onceStopped(() => void session.stop({ graceMs: 0 }));
  await Promise.race([session.ready, asked]);
  await asked;
  await session.stop({ graceMs });
  tell({ type: "stopped" });
}
