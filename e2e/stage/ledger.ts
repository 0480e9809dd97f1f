import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { RunningCommand } from "./command.ts";
import { type StagedServer, startWorker } from "./platform.ts";
import { rootDir, type Stage } from "./stage.ts";
import { until } from "./until.ts";

/** A line that a run wrote about itself, outside of Pawl. */
export interface LedgerLine {
  /** `start` is written before anything else the code does; `end` and `throw` after all of it. */
  readonly event: "start" | "end" | "throw";
  readonly runId: string;
  readonly attempt: number;
  readonly atMs: number;
}

/** What the runs of a stage's project wrote about themselves, and the workers that execute them. */
export interface Ledger {
  readonly projectDir: string;
  /** Starts a worker whose runs write into this ledger. */
  startWorker(server: StagedServer, env?: NodeJS.ProcessEnv): RunningCommand;
  /** All lines, in no order between processes. */
  read(): Promise<readonly LedgerLine[]>;
  /** Waits until an attempt of a run has begun. */
  untilStarted(runId: string, attempt: number, timeoutMs?: number): Promise<LedgerLine>;
  /** The numbers of the attempts of a run that began, each as often as it did. */
  attemptsOf(runId: string): Promise<readonly number[]>;
}

/**
 * Opens a ledger, and brings the project whose tasks write into it onto a stage.
 *
 * @param stage - the stage
 * @returns the ledger, empty
 */
export async function openLedger(stage: Stage): Promise<Ledger> {
  const folder = stage.path("ledger");
  await mkdir(folder);
  const projectDir = await stage.project("project", {});
  await cp(join(rootDir, "e2e", "projects", "ledger"), projectDir, { recursive: true });
  const read = async () => {
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), "utf8")));
    return texts.flatMap((text) => text.split("\n").slice(0, -1).map(parseLine));
  };
  const startsOf = async (runId: string) =>
    (await read()).filter((line) => line.runId === runId && line.event === "start");
  return {
    projectDir,
    startWorker: (server, env = {}) => startWorker(stage, server, projectDir, { PAWL_E2E_LEDGER: folder, ...env }),
    read,
    untilStarted: (runId, attempt, timeoutMs = 30_000) =>
      until(
        `attempt ${attempt} of ${runId} begins`,
        async () => (await startsOf(runId)).find((line) => line.attempt === attempt),
        { timeoutMs },
      ),
    attemptsOf: async (runId) => (await startsOf(runId)).map(({ attempt }) => attempt).sort((a, b) => a - b),
  };
}

function parseLine(text: string): LedgerLine {
  const [event, runId, attempt, atMs] = text.split(" ");
  if ((event !== "start" && event !== "end" && event !== "throw") || runId === undefined) {
    throw new Error(`The ledger has a line that no run writes: ${text}`);
  }
  return { event, runId, attempt: Number(attempt), atMs: Number(atMs) };
}
