import { join, resolve } from "node:path";
import { Command } from "commander";
import { findCredentials } from "../api/credentials.ts";
import type { WorkerSession } from "../dev/worker-session.ts";
import { makePawlDir } from "../dev-file.ts";
import { loadEnvironmentFile } from "../environment-file.ts";
import { onceStopped } from "../stop-signals.ts";
import { createEventWriter } from "../terminal/event-writer.ts";
import { createOutput } from "../terminal/output.ts";

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
    .option("--json", "print each event as one JSON value a line, for programs")
    .addHelpText(
      "after",
      "\nExample:\n  $ TRIGGER_API_URL=https://pawl.example TRIGGER_SECRET_KEY=tr_prod_… pawl worker .",
    )
    .action(work);
}

async function work(folder: string, flags: { readonly json?: boolean }): Promise<void> {
  const projectDir = resolve(folder);
  loadEnvironmentFile(projectDir);
  const onEvent = createEventWriter(createOutput(flags));
  let session: WorkerSession | null = null;
  const asked = onceStopped(() => void session?.stop({ graceMs: 0 }));
  const credentials = await findCredentials({ env: process.env, dir: projectDir });
  const { bundleProject, loadProject } = await import("@pawl/build");
  const { startWorkerSession } = await import("../dev/worker-session.ts");
  const project = await loadProject(projectDir);
  const bundle = await bundleProject(project, { outDir: join(await makePawlDir(projectDir), "build") });
  onEvent({ type: "server_ready", apiUrl: credentials.apiUrl, isOwn: false });
  session = startWorkerSession({ projectDir, credentials: Promise.resolve(credentials), onEvent });
  await Promise.race([session.load(bundle, project), asked]);
  await asked;
  onEvent({ type: "stopping", executing: session.executing(), graceMs });
  await session.stop({ graceMs });
  onEvent({ type: "stopped" });
  process.exit(0);
}
