import { readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { isProcessAlive } from "@pawl/contract/process-alive";
import { type Recorded, type TraceOrder, traceDirVariable } from "./protocol.ts";

const answerWaitMs = 20_000;
const pollMs = 5;

/** Asks the collectors in the measured processes to record. */
export interface Trace {
  /** Begins: with moments, or with a CPU profile. */
  start(kind: "moments" | "profile"): Promise<void>;
  /** Ends it, and gives what each process recorded. */
  stop(): Promise<readonly Recorded[]>;
  /** Collects the garbage of each process, and gives what memory each uses then. */
  memory(): Promise<readonly Recorded[]>;
}

/**
 * Variables that put a collector into a process and into every Node that it starts.
 *
 * @param dir - the folder for their files
 * @returns the variables
 */
export function tracing(dir: string): Readonly<Record<string, string>> {
  const collector = pathToFileURL(join(import.meta.dirname, "collector.ts")).href;
  return { NODE_OPTIONS: `--import=${collector}`, [traceDirVariable]: dir };
}

/**
 * Opens the trace of processes that were started with {@link tracing}.
 *
 * @param dir - the same folder
 * @returns the trace
 */
export function openTrace(dir: string): Trace {
  let number = 0;
  const order = async (kind: TraceOrder["kind"]): Promise<readonly (Recorded | null)[]> => {
    number++;
    await writeFile(join(dir, "order.part"), JSON.stringify({ number, kind } satisfies TraceOrder));
    await rename(join(dir, "order.part"), join(dir, "order"));
    const pids = await livingIn(dir);
    for (const pid of pids) process.kill(pid, "SIGUSR2");
    const answers = await Promise.all(pids.map((pid) => answerOf(join(dir, `${pid}.${number}`), pid)));
    return answers.flat();
  };
  return {
    async start(kind) {
      await order(kind);
    },
    async stop() {
      return (await order("stop")).filter((recorded) => recorded !== null);
    },
    async memory() {
      return (await order("memory")).filter((recorded) => recorded !== null);
    },
  };
}

/** Forgets those that were killed, before their numbers are other programs'. */
async function livingIn(dir: string): Promise<readonly number[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith(".pid"));
  const pids = names.map((name) => Number.parseInt(name, 10));
  const dead = pids.filter((pid) => !isProcessAlive(pid));
  await Promise.all(dead.map((pid) => rm(join(dir, `${pid}.pid`), { force: true })));
  return pids.filter((pid) => !dead.includes(pid));
}

/** Nothing of a process that ends meanwhile. */
async function answerOf(path: string, pid: number): Promise<readonly (Recorded | null)[]> {
  const deadlineMs = performance.now() + answerWaitMs;
  for (;;) {
    const text = await readFile(path, "utf8").catch(() => null);
    if (text !== null) return [JSON.parse(text) as Recorded | null]; // written by the collector
    if (!isProcessAlive(pid)) return [];
    if (performance.now() > deadlineMs) throw new Error(`Process ${pid} did not answer the trace within 20 s.`);
    await delay(pollMs);
  }
}
