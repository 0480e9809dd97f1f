import { resolve } from "node:path";
import type { ServerObserver } from "@pawl/server";
import { Command, Option } from "commander";
import type { ServerProcessMessage } from "../dev/server-messages.ts";
import { onceStopped } from "../stop-signals.ts";
import { createOutput } from "../terminal/output.ts";
import { renderServerReady } from "../terminal/server-ready.ts";
import { portOption } from "./port-option.ts";

interface ServerFlags {
  readonly port: number;
  readonly host: string;
  readonly dataDir: string;
  readonly owned?: boolean;
  readonly json?: boolean;
}

/**
 * `pawl server`: the server alone, on its embedded Postgres or on `DATABASE_URL`.
 *
 * @returns the command
 */
export function serverCommand(): Command {
  return new Command("server")
    .description("Run the server, on its own Postgres, or on yours with DATABASE_URL.")
    .addOption(portOption())
    .addOption(new Option("--host <address>", "the address to listen on").env("PAWL_HOST").default("127.0.0.1"))
    .addOption(new Option("--data-dir <folder>", "where data is kept").env("PAWL_DATA_DIR").default(".pawl"))
    .option("--json", "print one JSON value when it is ready, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ pawl server --port 3030\n  $ DATABASE_URL=postgres://… pawl server --host 0.0.0.0",
    )
    .addOption(new Option("--owned", "serve the process that forked this one").hideHelp())
    .action((flags: ServerFlags) => (flags.owned === true ? serveOwner(flags) : serve(flags)));
}

async function serve(flags: ServerFlags): Promise<void> {
  const output = createOutput(flags);
  const server = await start(flags);
  output.lines(renderServerReady(server.url, server.environments));
  output.json({ apiUrl: server.url, environments: server.environments });
  await onceStopped();
  await server.stop();
  process.exit(0);
}

/** Serves the process that forked this one: tells it when it is ready, and ends when it is gone. */
async function serveOwner(flags: ServerFlags): Promise<void> {
  const disconnected = new Promise<void>((done) => process.once("disconnect", done));
  const onOperatorMessage = (message: string) => void tell({ type: "says", message });
  const server = await start(flags, { onOperatorMessage }).catch(async (error: unknown) => {
    await tell({ type: "failed", message: failureText(error) });
    process.exit(1);
  });
  void tell({ type: "ready", url: server.url, environments: [...server.environments] });
  await Promise.race([disconnected, onceStopped()]);
  await server.stop();
  process.exit(0);
}

function failureText(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "StartError" ? error.message : (error.stack ?? error.message);
}

async function start(flags: ServerFlags, observer: ServerObserver = {}) {
  const { readServerSettings, startServer } = await import("@pawl/server");
  const { port, host, dataDir } = flags;
  return startServer(
    readServerSettings({ ...process.env, PORT: String(port), PAWL_HOST: host, PAWL_DATA_DIR: resolve(dataDir) }),
    observer,
  );
}

function tell(message: ServerProcessMessage): Promise<void> {
  return new Promise((done) => {
    if (process.send === undefined || !process.connected) done();
    else process.send(message, () => done());
  });
}
