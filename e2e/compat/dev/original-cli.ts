import { cp, mkdir, readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import type { RunningCommand } from "../../stage/command.ts";
import type { StagedServer } from "../../stage/platform.ts";
import { signal } from "../../stage/processes.ts";
import type { Stage } from "../../stage/stage.ts";

/** The file of the original's command, as its package names it. */
const cliPath = join(
  dirname(createRequire(import.meta.url).resolve("trigger.dev/package.json")),
  "dist",
  "esm",
  "index.js",
);

const loopbackOnly = pathToFileURL(join(import.meta.dirname, "loopback-only.mjs")).href;

/** For `NODE_OPTIONS` of a session whose socket is never to open. */
export const withoutSockets = `--import=${loopbackOnly} --import=${pathToFileURL(join(import.meta.dirname, "without-sockets.mjs")).href}`;

/** What makes the command think that a program reads it, or that it is in CI. */
const ambient =
  /^(CI$|GITHUB_|GITLAB_|BUILDKITE|TEAMCITY|JENKINS|AI_AGENT|CLAUDE|CURSOR_|CODEX_|GEMINI_|OPENCODE|AUGMENT_|GOOSE_|REPL_ID)/;

/** How long a session may take to end, in milliseconds. */
const endPatienceMs = 10_000;

/** How long it may take to bundle and index the project, where other tests use the processors as well, in milliseconds. */
const versionPatienceMs = 90_000;

/** How a call of the original's command differs from the usual. */
export interface OriginalCliOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Starts the original's command line, unmodified, with a home of the stage's own.
 *
 * @param stage - where
 * @param args - its arguments
 * @param options - where it works, and further environment variables
 * @returns the command
 */
export function startOriginalCli(stage: Stage, args: readonly string[], options: OriginalCliOptions): RunningCommand {
  const home = stage.path("home");
  const inherited = Object.entries(stage.env()).filter(([name]) => !ambient.test(name));
  return stage.start({
    file: process.execPath,
    args: [cliPath, ...args],
    cwd: options.cwd,
    env: {
      ...Object.fromEntries(inherited),
      HOME: home,
      XDG_CONFIG_HOME: join(home, ".config"),
      NODE_OPTIONS: `--import=${loopbackOnly}`,
      ...options.env,
    },
  });
}

/**
 * Copies the project that was written for the original into the stage, with the original's packages to import.
 *
 * @param stage - where
 * @param taskFiles - names of files in `src/more-tasks/` that become tasks of it, too
 * @returns the folder of the project
 */
export async function copyOriginalProject(stage: Stage, taskFiles: readonly string[] = []): Promise<string> {
  const projectDir = await stage.project("original", {});
  await cp(join(import.meta.dirname, "project"), projectDir, { recursive: true });
  for (const name of taskFiles) {
    await cp(join(projectDir, "src", "more-tasks", name), join(projectDir, "src", "trigger", name));
  }
  await mkdir(stage.path("home"), { recursive: true });
  return projectDir;
}

/** A dev session of the original's command line. */
export interface OriginalDev {
  readonly cli: RunningCommand;
  readonly projectDir: string;
  /** Waits for the how-manieth version that the session has made ready, from 1; answers with its label. */
  untilVersion(number: number): Promise<string>;
}

/**
 * Starts `trigger dev` in a copy of the project, with a personal token that was made by the server, and waits until its first version
 * is ready.
 *
 * @param stage - where
 * @param server - whom it works for
 * @param options - `env`: further environment variables; `args`: further arguments; `tasks`: see {@link copyOriginalProject};
 *   `projectDir`: the project of an earlier session
 * @returns the session
 */
export async function startOriginalDev(
  stage: Stage,
  server: StagedServer,
  options: {
    readonly env?: NodeJS.ProcessEnv;
    readonly args?: readonly string[];
    readonly tasks?: readonly string[];
    readonly projectDir?: string;
  } = {},
): Promise<OriginalDev> {
  const projectDir = options.projectDir ?? (await copyOriginalProject(stage, options.tasks));
  const cli = startOriginalCli(stage, ["dev", "--skip-telemetry", ...(options.args ?? [])], {
    cwd: projectDir,
    env: {
      CI: "true",
      TRIGGER_API_URL: server.apiUrl,
      TRIGGER_ACCESS_TOKEN: await personalToken(server),
      ...options.env,
    },
  });
  const untilVersion = (number: number) =>
    cli.untilWritten(
      `version ${number}`,
      ({ stdout }) => [...stdout.matchAll(/Local worker ready .*-> (\d{8}\.\d+)/g)][number - 1]?.[1],
      { timeoutMs: versionPatienceMs },
    );
  stage.beforeEnd(async () => {
    await endOriginal(cli);
    await endGuard(projectDir);
  });
  await untilVersion(1);
  return { cli, projectDir, untilVersion };
}

/** Now and then it does not end when it is asked to; how it ends is a test of its own. */
async function endOriginal(cli: RunningCommand): Promise<void> {
  if (cli.ending !== null) return;
  cli.signal("SIGTERM");
  const isLate = await Promise.race([cli.ended.then(() => false), delay(endPatienceMs, true, { ref: false })]);
  if (isLate) cli.signalGroup("SIGKILL");
  await cli.ended;
}

/**
 * Kills the guard that a session starts for the case that it is killed, which otherwise asks the server for some seconds more to
 * cancel what the session executed.
 *
 * @param projectDir - the project of the session
 */
export async function endGuard(projectDir: string): Promise<void> {
  const text = await readFile(join(projectDir, ".trigger", "watchdog.pid"), "utf8").catch(() => null);
  if (text !== null) signal(Number(text.replace("trigger-watchdog:", "")), "SIGKILL");
}

/**
 * Makes a personal token with the key of an environment, which it then opens.
 *
 * @param server - the server
 * @param key - default: that of the environment `dev`
 * @returns the token
 */
export async function personalToken(server: StagedServer, key?: string): Promise<string> {
  const { body } = await server.api.call("POST", "/api/v1/personal-tokens", JSON.stringify({ name: "test" }), key);
  return (body as { token: string }).token; // the route's own form
}
