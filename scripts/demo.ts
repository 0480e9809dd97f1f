import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type DevEvent, renderDevEvent, renderErrorMessage, startDev } from "@pawl/cli";
import { configure, runs, tasks, wait } from "@pawl/sdk";
import { readMovies } from "../examples/movies/report/read-movies.ts";
import type { moviesReportBuild } from "../examples/movies/trigger/movies.ts";
import { renderReport } from "./demo-report.ts";

// `npm run demo`: the platform, a worker for examples/movies and one report on real input: a run, its children in a queue with a
// limit, and a token that is completed when the run waits for it. Until Ctrl-C; with --once, until the run has ended.

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
  const approval = await wait.createToken({ timeout: "10m", tags: ["demo"] });
  const handle = await tasks.trigger<typeof moviesReportBuild>("movies.report.build", {
    records: [...records],
    approval: approval.id,
  });
  await approve(handle.id, approval.id);
  const run = await runs.poll<typeof moviesReportBuild>(handle.id, { pollIntervalMs: 50 });
  if (run.output === undefined) {
    process.exitCode = 1;
    print(["", `The run ended as ${run.status}: ${run.error?.message ?? "it has no output"}`]);
  } else {
    print(renderReport(run.output));
  }
  print(["", `The server is at ${apiUrl}${flags.once ? "." : "; Ctrl-C ends everything."}`, ""]);
}

/** Completes the token as soon as the run says that it waits for it. */
async function approve(runId: string, tokenId: string): Promise<void> {
  for (;;) {
    const { isCompleted, reason } = await runs.retrieve(runId);
    if (isCompleted) return;
    if (reason?.includes(tokenId) === true) {
      print(["", `${reason}`, ""]);
      await wait.completeToken(tokenId, { by: "npm run demo" });
      return;
    }
    await delay(50);
  }
}

function print(lines: readonly string[]): void {
  if (lines.length > 0) console.log(lines.join("\n"));
}
