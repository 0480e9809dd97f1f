import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type DevEvent, renderDevEvent, renderErrorMessage, startDev } from "@pawl/cli";
import { configure, runs, tasks } from "@pawl/sdk";
import { readMovies } from "../examples/movies/report/read-movies.ts";
import type { moviesReportBuild } from "../examples/movies/trigger/movies.ts";
import { renderReport } from "./demo-report.ts";

// `npm run demo`: the platform, a worker for examples/movies and one run on real input, until Ctrl-C; with --once, until the
// run has ended.

const { values: flags } = parseArgs({ options: { once: { type: "boolean", default: false } } });
const dir = fileURLToPath(new URL("../examples/movies", import.meta.url));
const graceMs = 10_000;

// The demo is about the platform of this repository, whatever else the terminal is set up for.
const { TRIGGER_API_URL: _apiUrl, TRIGGER_SECRET_KEY: _secretKey, ...env } = process.env;

const show = (event: DevEvent) => print(renderDevEvent(event, new Date()));
print(["", "Starting Postgres, server and worker …", ""]);
const session = startDev({ dir, port: 0, env, onEvent: show });

let isAsked = false;
const asked = new Promise<void>((resolve) => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => {
      if (isAsked) void session.stop({ graceMs: 0 });
      isAsked = true;
      resolve();
    });
  }
});

try {
  await Promise.race([runOnce(), asked]);
  if (!flags.once) await asked;
} catch (error) {
  console.error(renderErrorMessage(error).join("\n"));
  process.exitCode = 1;
}
await session.stop({ graceMs });
process.exit();

async function runOnce(): Promise<void> {
  const { apiUrl, secretKey } = await session.ready;
  configure({ baseURL: apiUrl, accessToken: secretKey });
  const records = await readMovies();
  const handle = await tasks.trigger<typeof moviesReportBuild>("movies.report.build", { records: [...records] });
  const run = await runs.poll<typeof moviesReportBuild>(handle.id, { pollIntervalMs: 50 });
  if (run.output === undefined) {
    process.exitCode = 1;
    print(["", `The run ended as ${run.status}: ${run.error?.message ?? "it has no output"}`]);
  } else {
    print(renderReport(run.output));
  }
  print(["", `The server is at ${apiUrl}${flags.once ? "." : "; Ctrl-C ends everything."}`, ""]);
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) console.log(lines.join("\n"));
}
