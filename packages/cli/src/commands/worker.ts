import { join, resolve } from "node:path";
import { Command, InvalidArgumentError, Option } from "commander";
import { findCredentials } from "../api/credentials.ts";
import type { WorkerSession } from "../dev/worker-session.ts";
import { makePawlDir } from "../dev-file.ts";
import { loadEnvironmentFile } from "../environment-file.ts";
import { onceStopped } from "../stop-signals.ts";
import { createEventWriter, type EventWriter } from "../terminal/event-writer.ts";

const graceMs = 10_000;

/**
 * `pawl worker`: a worker host for a project, against a server that runs elsewhere.
 *
 * @returns the command
 */
export function workerCommand(): Command {
  return new Command("worker")
    .description("Run a project's tasks against the server in TRIGGER_API_URL.")
    .argument("[folder]", "the project", ".")
    .addOption(processesOption())
    .option("--json", "print each event as one JSON value a line, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ TRIGGER_API_URL=https://pawl.example TRIGGER_SECRET_KEY=tr_prod_… pawl worker .",
    )
    .action(work);
}

function processesOption(): Option {
  return new Option(
    "--processes <number>",
    "run processes at most, by default 8 for each core and at least 16",
  ).argParser((text) => {
    const count = Number(text);
    if (Number.isInteger(count) && count >= 1) return count;
    throw new InvalidArgumentError("Give a whole number of at least 1.");
  });
}

interface WorkerFlags {
  readonly processes?: number;
  readonly json?: boolean;
}

async function work(folder: string, flags: WorkerFlags): Promise<void> {
  const events = createEventWriter(flags);
  try {
    await run(resolve(folder), flags, events);
  } finally {
    await events.flush();
  }
  process.exit(0);
}

async function run(projectDir: string, flags: WorkerFlags, { tell }: EventWriter): Promise<void> {
  loadEnvironmentFile(projectDir);
  let session: WorkerSession | null = null;
  const asked = onceStopped(() => void session?.stop({ graceMs: 0 }));
  const credentials = await findCredentials({ env: process.env, dir: projectDir });
  const { bundleProject, loadProject } = await import("@pawl/build");
  const { startWorkerSession } = await import("../dev/worker-session.ts");
  const project = await loadProject(projectDir);
  const bundle = await bundleProject(project, { outDir: join(await makePawlDir(projectDir), "build") });
  tell({ type: "server_ready", apiUrl: credentials.apiUrl, isOwn: false });
  session = startWorkerSession({
    projectDir,
    credentials: Promise.resolve(credentials),
    onEvent: tell,
    ...(flags.processes === undefined ? {} : { maxProcesses: flags.processes }),
  });
  await Promise.race([session.load(bundle, project), asked]);
  await asked;
  tell({ type: "stopping", executing: session.executing(), graceMs });
  await session.stop({ graceMs });
  tell({ type: "stopped" });
}
